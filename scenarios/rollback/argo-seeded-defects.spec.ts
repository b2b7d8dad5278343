import { ARGO_DEFECTS, argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: Mettle can fail. Each defect is built into the real Rollout, and the rule that is meant for it must notice.
// Method: the scenario of the abort as it stands, with one thing broken on purpose in each run.
// Needs: argo
// Isolation: namespace 0.8 cpu
// Tags: nightly, slow
test.for(ARGO_DEFECTS)('$name: $breaks', async (defect, { openRun }) => {
  const verdict = await argoRollout(openRun(defect.name), {
    release: 'errors-50',
    expected: 'rollback',
    bad_answers_pct: 50,
    load: 'steady-300',
    defect,
  });
  expect(verdict).toBeCaughtBy(defect.noticed_by);
});
