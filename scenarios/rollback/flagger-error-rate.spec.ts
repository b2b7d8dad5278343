import { expect, flaggerRollout, test } from '#harness/scenario.ts';

// Goal: users meet a release that fails half of its requests only as far and as long as the Canary's specification allows.
// Method: 300 requests a second throughout; ship the release through a real Canary; judge the recorded timeline.
// Needs: flagger
// Isolation: exclusive
test('a release that fails half of its requests is rolled back within its declared exposure', async ({
  openRun,
}) => {
  const verdict = await flaggerRollout(openRun(), {
    release: 'errors-50',
    expected: 'rollback',
    bad_answers_pct: 50,
    canary: { interval_s: 10, threshold: 2, step_weight_pct: 10, max_weight_pct: 50 },
    load: 'steady-300',
  });
  expect(verdict).toHold();
});
