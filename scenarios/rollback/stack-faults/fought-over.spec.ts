import { expect, flaggerRollout, FOUGHT_FLAGGER, test } from '#harness/scenario.ts';

// Goal: somebody else who writes what the controller writes does not have a good release taken back.
// Method: 300 requests a second throughout; an autoscaler or a GitOps tool sets numbers of pods, or weights, every few seconds while a good release is rolled out.
// Needs: flagger
// Isolation: namespace 0.5 cpu
// Tags: nightly
test.for(FOUGHT_FLAGGER)('$title', async ({ name, rollout }, { openRun }) => {
  expect(await flaggerRollout(openRun({ name }), rollout)).toHold();
});
