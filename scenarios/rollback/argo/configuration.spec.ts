import { ARGO_CONFIGURATION, argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: a Rollout that refers to what is not there says so, and goes on once it is there.
// Method: 300 requests a second throughout; one rollout for each row of the table; judge each recorded timeline.
// Needs: argo
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(ARGO_CONFIGURATION)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await argoRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
