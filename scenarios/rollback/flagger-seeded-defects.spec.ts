import { expect, flaggerRollout, SEEDED_DEFECTS, test } from '#harness/scenario.ts';

// Goal: Mettle can fail. Each defect is built into the real stack, and the rule that is meant for it must notice.
// Method: the rollback scenario as it stands, with one thing broken on purpose in each run.
// Needs: flagger
// Isolation: namespace 0.8 cpu
// Tags: nightly, slow
test.for(SEEDED_DEFECTS)('$name: $breaks', async (defect, { openRun }) => {
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
