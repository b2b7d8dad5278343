import {
  COLUMN_BEFORE_RELEASE,
  CUT_OFF_SILENTLY,
  expect,
  flaggerGate,
  migrateThroughGate,
  SAYS_YES,
  test,
} from '#harness/scenario.ts';

// Goal: Flagger sends nobody to a release whose migration loses data, and promotes one whose migration harms nobody.
// Method: 300 requests a second, one in ten an order; ship a release with the guard's Job and the migration's, which a gate behind the pre-rollout webhook starts once the guard has passed it; then a guard that says yes to all.
// Needs: flagger, postgres, guard
// Isolation: namespace 1.3 cpu
// Tags: nightly, slow
test('by Flagger: a migration that would lose data is blocked by the guard, and nobody notices', async ({
  openRun,
}) => {
  expect(await migrateThroughGate(openRun({ name: 'refused' }), flaggerGate(), CUT_OFF_SILENTLY)).toHold();
});

test('by Flagger: a migration that harms nobody is judged, applied and released without a failed request', async ({
  openRun,
}) => {
  expect(
    await migrateThroughGate(openRun({ name: 'passed' }), flaggerGate(), COLUMN_BEFORE_RELEASE),
  ).toHold();
});

test(`${SAYS_YES.name}: ${SAYS_YES.breaks}`, async ({ openRun }) => {
  const run = openRun(SAYS_YES.name);
  const verdict = await migrateThroughGate(run, flaggerGate(), CUT_OFF_SILENTLY, SAYS_YES);
  expect(verdict).toBeCaughtBy(SAYS_YES.noticed_by, SAYS_YES.says);
});
