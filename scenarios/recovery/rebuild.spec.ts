import { expect, rebuild, test } from '#harness/scenario.ts';

// Goal: a cluster that is lost without warning is rebuilt from Git and backup, and is the same by its objects and by its data.
// Method: 300 requests a second throughout, one in ten an order; kill and remove the nodes; make the cluster again, let Flux bring back what Git says and the database restore itself; compare.
// Needs: full
// Isolation: rebuilt
// Tags: nightly
test('a lost cluster is rebuilt from Git and backup within 300 s, and no accepted order older than 5 s is lost', async ({
  opening,
}) => {
  expect(await rebuild(opening, { load: 'outage-300', backup: 'wal', recovery_point_s: 5 })).toHold();
});
