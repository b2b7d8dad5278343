import { expect, gitopsRollout, test } from '#harness/scenario.ts';

// Goal: configuration alone goes the way of a release: a commit to a config map is rolled out step by step, and nobody notices.
// Method: 300 requests a second throughout; the commit leaves the Deployment as it is; Flagger sees the changed map and analyses it.
// Needs: flagger, flux, git
// Isolation: namespace 0.9 cpu
// Tags: nightly
test('a commit to the configuration is rolled out by Flagger with no failed request', async ({ openRun }) => {
  const verdict = await gitopsRollout(openRun(), {
    controller: 'flagger',
    applier: 'kustomization',
    changes: 'configuration',
    load: 'steady-300',
  });
  expect(verdict).toHold();
});
