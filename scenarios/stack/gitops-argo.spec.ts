import { expect, gitopsRollout, test } from '#harness/scenario.ts';

// Goal: a commit becomes a running release through Flux, and Argo Rollouts promotes it; Flux does not set back the weights meanwhile.
// Method: 300 requests a second throughout; push to a Git server in the cluster; judge the delivery and the rollout from one recorded timeline.
// Needs: argo, flux, git
// Isolation: namespace 0.9 cpu
// Tags: nightly
test('a commit is deployed by Flux and promoted by Argo Rollouts with no failed request', async ({
  openRun,
}) => {
  const verdict = await gitopsRollout(openRun(), {
    controller: 'argo-rollouts',
    applier: 'kustomization',
    changes: 'release',
    load: 'steady-300',
  });
  expect(verdict).toHold();
});
