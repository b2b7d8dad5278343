import { ARGO_BLUE_GREEN, argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: a blue/green release takes over in its order, and the way back is there at once for as long as was asked for.
// Method: 300 requests a second throughout; switch to v2, back to v1 and forth again; judge the order, the sizes and the delays from the timeline.
// Needs: argo
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(ARGO_BLUE_GREEN)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await argoRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
