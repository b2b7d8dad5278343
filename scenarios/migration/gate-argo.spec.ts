import {
  COLUMN_BEFORE_RELEASE,
  CUT_OFF_SILENTLY,
  expect,
  argoGate,
  migrateThroughGate,
  SAYS_YES,
  test,
} from '#harness/scenario.ts';

// Goal: Argo Rollouts aborts a release whose migration loses data before anything is migrated, and rolls out one whose migration harms nobody.
// Method: 300 requests a second, one in ten an order; ship a release whose first step is an analysis by the guard's Job and whose second is one by the migration's; then a guard that says yes to all.
// Needs: argo, postgres, guard
// Isolation: namespace 1.3 cpu
// Tags: nightly, slow
test('by Argo Rollouts: a migration that would lose data is blocked by the guard, and nobody notices', async ({
  openRun,
}) => {
  expect(await migrateThroughGate(openRun({ name: 'refused' }), argoGate(), CUT_OFF_SILENTLY)).toHold();
});

test('by Argo Rollouts: a migration that harms nobody is judged, applied and released without a failed request', async ({
  openRun,
}) => {
  expect(await migrateThroughGate(openRun({ name: 'passed' }), argoGate(), COLUMN_BEFORE_RELEASE)).toHold();
});

test(`${SAYS_YES.name}: ${SAYS_YES.breaks}`, async ({ openRun }) => {
  const run = openRun(SAYS_YES.name);
  const verdict = await migrateThroughGate(run, argoGate(), CUT_OFF_SILENTLY, SAYS_YES);
  expect(verdict).toBeCaughtBy(SAYS_YES.noticed_by, SAYS_YES.says);
});
