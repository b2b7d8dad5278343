import { expect, gitopsRollout, test } from '#harness/scenario.ts';

// Goal: a commit to the values of a Helm chart becomes a running release through Flux; Flagger promotes it and nobody notices.
// Method: 300 requests a second throughout; chart and values come from one Git repository in the cluster; judge the recorded timeline.
// Needs: flagger, flux, git
// Isolation: namespace 0.9 cpu
// Tags: nightly
test('a commit to a chart is released by Helm through Flux and promoted by Flagger with no failed request', async ({
  openRun,
}) => {
  const verdict = await gitopsRollout(openRun(), {
    controller: 'flagger',
    applier: 'helm-release',
    changes: 'release',
    load: 'steady-300',
  });
  expect(verdict).toHold();
});
