import { argoRollout, expect, flaggerRollout, KILLED_ARGO, KILLED_FLAGGER, test } from '#harness/scenario.ts';

// Goal: a controller that is killed at any phase goes on where it was, and the release ends as it would have.
// Method: 300 requests a second throughout; kill the controller's pod at failed checks, at weights, in the promotion; judge each recorded timeline.
// Needs: flagger, argo
// Isolation: exclusive
// Tags: nightly
test.for(KILLED_FLAGGER)('$title', async ({ name, rollout }, { openRun }) => {
  expect(await flaggerRollout(openRun({ name: `flagger-${name}` }), rollout)).toHold();
});

test.for(KILLED_ARGO)('$title', async ({ name, rollout }, { openRun }) => {
  expect(await argoRollout(openRun({ name: `argo-${name}` }), rollout)).toHold();
});
