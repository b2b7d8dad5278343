import { ARGO_STABLE, argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: a stable release that serves nobody any more does not stand in the way of the release that mends it.
// Method: 300 requests a second throughout; take the stable release its pods and its document, then ship the next one.
// Needs: argo
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(ARGO_STABLE)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await argoRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
