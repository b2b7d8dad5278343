import { ARGO_ANALYSIS, argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: what Argo Rollouts promises of analyses that fail, and of those that cannot measure, holds under load.
// Method: 300 requests a second throughout; one rollout for each row of the table; judge each recorded timeline.
// Needs: argo
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(ARGO_ANALYSIS)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await argoRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
