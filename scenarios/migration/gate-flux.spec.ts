import {
  COLUMN_BEFORE_RELEASE,
  CUT_OFF_SILENTLY,
  expect,
  fluxGate,
  migrateThroughGate,
  SAYS_YES,
  test,
} from '#harness/scenario.ts';

// Goal: a commit whose migration loses data gets no further than the guard's Job, and one whose migration harms nobody is released.
// Method: 300 requests a second, one in ten an order; commit a release with its migration to a repository of three steps (guard, migrate, release); the guard's Job copies the live tables by an account that may only read them; then a guard that says yes to all.
// Needs: flux, git, traefik, postgres, guard
// Isolation: namespace 1.3 cpu
// Tags: nightly, slow
test('by Flux: a migration that would lose data is blocked by the guard, and nobody notices', async ({
  openRun,
}) => {
  expect(await migrateThroughGate(openRun({ name: 'refused' }), fluxGate(), CUT_OFF_SILENTLY)).toHold();
});

test('by Flux: a migration that harms nobody is judged, applied and released without a failed request', async ({
  openRun,
}) => {
  expect(await migrateThroughGate(openRun({ name: 'passed' }), fluxGate(), COLUMN_BEFORE_RELEASE)).toHold();
});

test(`${SAYS_YES.name}: ${SAYS_YES.breaks}`, async ({ openRun }) => {
  const run = openRun(SAYS_YES.name);
  const verdict = await migrateThroughGate(run, fluxGate(), CUT_OFF_SILENTLY, SAYS_YES);
  expect(verdict).toBeCaughtBy(SAYS_YES.noticed_by, SAYS_YES.says);
});
