import {
  expect,
  gitAway,
  missingImage,
  newestBackupDamaged,
  newestDumpLacksOrders,
  rebuild,
  refusedFirst,
  staleSecret,
  test,
} from '#harness/scenario.ts';

// Goal: a rebuild says what stood in its way, goes round it, and keeps its promises.
// Method: 300 requests a second; damage the newest backup, leave a table out of it, let Git be away for 60 s, seal a stale password or hide an image from the node; then lose the cluster.
// Needs: full
// Isolation: rebuilt
// Tags: nightly, slow
const promises = { load: 'outage-300', backup: 'wal', recovery_point_s: 5 } as const;

test('a damaged backup is refused by name, and the one before is restored with the log since then', async ({
  opening,
}) => {
  const declares = { backups_refused: 1 };
  expect(await rebuild(opening, { ...promises, trouble: newestBackupDamaged, declares })).toHold();
});

test('a dump that lacks a table is refused by name, and the one before is restored with its larger loss', async ({
  opening,
}) => {
  // Two intervals of a minute, the seconds that a dump takes, and those that the load needs to be measured.
  const promised = { ...promises, backup: 'dump', recovery_point_s: 135 } as const;
  const declares = { backups_refused: 1 };
  expect(await rebuild(opening, { ...promised, trouble: newestDumpLacksOrders, declares })).toHold();
});

test('a rebuild waits for a Git server that is away for 60 s, and goes on by itself', async ({ opening }) => {
  expect(await rebuild(opening, { ...promises, trouble: gitAway(60) })).toHold();
});

test('a password in the vault that is stale is noticed by what the database says, and replaced', async ({
  opening,
}) => {
  expect(await rebuild(opening, { ...promises, obstacle: staleSecret() })).toHold();
});

test('an image that the node lacks is noticed by the pod that waits for it, and loaded', async ({
  opening,
}) => {
  expect(await rebuild(opening, { ...promises, obstacle: missingImage() })).toHold();
});

test('a cluster that could not be made again is not destroyed: no backup, a wrong one, no repository, no revision, no room', async ({
  opening,
}) => {
  expect(await rebuild(opening, { ...promises, trouble: refusedFirst })).toHold();
});
