import { expect, flaggerRollout, test } from '#harness/scenario.ts';

// Goal: the counterpart of the rollback: the same Canary lets a good release through, and nobody notices.
// Method: 300 requests a second throughout; ship a good release; judge the recorded timeline.
// Needs: flagger
// Isolation: namespace 0.8 cpu
// Tags: nightly
test('a good release is promoted without one failed request', async ({ openRun }) => {
  const verdict = await flaggerRollout(openRun(), {
    release: 'good',
    expected: 'promotion',
    bad_answers_pct: 0,
    canary: { interval_s: 10, threshold: 2, step_weight_pct: 10, max_weight_pct: 50 },
    load: 'steady-300',
  });
  expect(verdict).toHold();
});
