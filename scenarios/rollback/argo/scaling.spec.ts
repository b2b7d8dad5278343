import { ARGO_SCALING, argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: a canary that others scale and write to keeps the pods that its users need, and comes to its end.
// Method: 300 requests a second throughout; an autoscaler asks for more pods, a person for fewer, and a writer marks the objects all the time.
// Needs: argo
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(ARGO_SCALING)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await argoRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
