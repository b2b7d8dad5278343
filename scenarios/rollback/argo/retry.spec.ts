import { ARGO_RETRY, argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: a release that was aborted is analysed anew when it is tried again, and then serves.
// Method: 300 requests a second throughout; one rollout for each row of the table; judge each recorded timeline.
// Needs: argo
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(ARGO_RETRY)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await argoRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
