import { backupFirst, expect, test } from '#harness/scenario.ts';

// Goal: no migration begins without a backup behind it that is fresh and was restored.
// Method: 300 requests a second, one in ten an order; ask for a migration without a backup, with one that lacks the orders, with one that is too old and with a good one; each backup is restored into a server of its own and compared with the database.
// Needs: traefik, postgres
// Isolation: cluster
// Tags: nightly, slow
test('a migration is refused without a backup that is fresh and restorable, and applied with one', async ({
  openRun,
}) => {
  expect(await backupFirst(openRun())).toHold();
});

test('nobody-asks: a migration that begins without a backup is noticed', async ({ openRun }) => {
  const verdict = await backupFirst(openRun('nobody-asks'), { ungated: true });
  expect(verdict).toBeCaughtBy('backup-first', /without a backup that was fresh and restored/);
});
