import { expect, gitAway, newestBackupDamaged, rebuild, test } from '#harness/scenario.ts';

// Goal: a rebuild says what stood in its way, goes round it, and keeps its promises.
// Method: 300 requests a second; damage the newest backup, or let Git be away for 60 s, just before the cluster is lost.
// Needs: full
// Isolation: rebuilt
// Tags: nightly, slow
test('a damaged backup is refused by name, and the one before is restored with the log since then', async ({
  opening,
}) => {
  const promises = { load: 'outage-300', backup: 'wal', recovery_point_s: 5 } as const;
  expect(await rebuild(opening, { ...promises, trouble: newestBackupDamaged, backups_refused: 1 })).toHold();
});

test('a rebuild waits for a Git server that is away for 60 s, and goes on by itself', async ({ opening }) => {
  const promises = { load: 'outage-300', backup: 'wal', recovery_point_s: 5 } as const;
  expect(await rebuild(opening, { ...promises, trouble: gitAway(60) })).toHold();
});
