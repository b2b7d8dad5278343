import { expect, rebuild, test } from '#harness/scenario.ts';

// Goal: a cluster whose database is backed up by dumps loses no accepted order older than the interval of the dumps.
// Method: as recovery/rebuild, with a dump each minute in place of an archive of the write-ahead log.
// Needs: full
// Isolation: rebuilt
// Tags: nightly, slow
test('a lost cluster is rebuilt from Git and a dump, and no accepted order older than the last dump is lost', async ({
  opening,
}) => {
  // A dump begins each minute, and takes some seconds.
  expect(await rebuild(opening, { load: 'outage-300', backup: 'dump', recovery_point_s: 70 })).toHold();
});
