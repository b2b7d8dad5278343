import { expect, flaggerRollout, SHARED_DEFECTS, test } from '#harness/scenario.ts';

// Goal: Mettle can fail. Each defect of a shared part (the chat, Prometheus) is noticed by the rule that is meant for it.
// Method: the rollback scenario as it stands, with one shared part broken on purpose in each run.
// Needs: flagger
// Isolation: exclusive
// Tags: nightly
test.for(SHARED_DEFECTS)('$name: $breaks', async (defect, { openRun }) => {
  const verdict = await flaggerRollout(openRun(defect.name), {
    release: 'errors-50',
    expected: 'rollback',
    bad_answers_pct: 50,
    canary: { interval_s: 10, threshold: 2, step_weight_pct: 10, max_weight_pct: 50 },
    load: 'steady-300',
    defect,
  });
  expect(verdict).toBeCaughtBy(defect.noticed_by, defect.takes_evidence);
});
