import { expect, gitopsRollout, test } from '#harness/scenario.ts';

// Goal: a commit becomes a running release through Flux, and nothing else does; Flagger promotes it and nobody notices.
// Method: 300 requests a second throughout; push to a Git server in the cluster; compare who wrote the pod template, which revision Flux says it applied, and when.
// Needs: flagger, flux, git
// Isolation: namespace 0.9 cpu
test('a commit is deployed by Flux and promoted by Flagger with no failed request', async ({ openRun }) => {
  const verdict = await gitopsRollout(openRun(), {
    controller: 'flagger',
    applier: 'kustomization',
    changes: 'release',
    load: 'steady-300',
  });
  expect(verdict).toHold();
});
