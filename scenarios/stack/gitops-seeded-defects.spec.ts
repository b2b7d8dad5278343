import { DELIVERY_DEFECTS, expect, gitopsRollout, test } from '#harness/scenario.ts';

// Goal: Mettle can tell a release that came by commit from one that did not, and notices when Flux and the rollout controller fight.
// Method: the scenario of a commit as it stands, with one thing broken on purpose in each run.
// Needs: gitops
// Isolation: namespace 0.9 cpu
// Tags: nightly
test.for(DELIVERY_DEFECTS)('$name: $breaks', async (defect, { openRun }) => {
  const verdict = await gitopsRollout(openRun(defect.name), {
    controller: defect.controller ?? 'flagger',
    applier: 'kustomization',
    changes: 'release',
    load: 'steady-300',
    defect,
  });
  expect(verdict).toBeCaughtBy(defect.noticed_by);
});
