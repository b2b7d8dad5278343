import { ARGO_CONTROLLERS, argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: a controller that dies in the middle of a rollout is replaced by one that waits for it, and nobody notices.
// Method: 300 requests a second throughout; run two controllers, kill the one that leads at the first weight, watch the lock and the rollout.
// Needs: argo
// Isolation: exclusive
// Tags: nightly
test.for(ARGO_CONTROLLERS)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await argoRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
