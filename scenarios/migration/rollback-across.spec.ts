import { ADDED_COLUMN, expect, RENAMED_COLUMN, rollbackAcross, test } from '#harness/scenario.ts';

// Goal: a release that is given up after its migration leaves a schema on which the former release serves on, or it is known that it does not.
// Method: 300 requests a second, one in ten an order; migrate by a Job, ship a release that fails half of its answers to half of the users until Flagger gives it up; compare every order and every row, and read PostgreSQL's log.
// Needs: flagger, postgres
// Isolation: namespace 0.8 cpu
// Tags: nightly, slow
test('the former release serves on after a column was added, and no row or order is lost', async ({
  openRun,
}) => {
  expect(await rollbackAcross(openRun(), ADDED_COLUMN)).toHold();
});

test('a renamed column breaks the former release, and the reason says since when and by which error', async ({
  openRun,
}) => {
  const verdict = await rollbackAcross(openRun('renamed-column'), RENAMED_COLUMN);
  expect(verdict).toBeCaughtBy(
    'migration-compatible',
    /requests of v1 with status 503 failed, the first \d.* 42703 \(column "content_hash" of relation "orders" does not exist\)/,
  );
});
