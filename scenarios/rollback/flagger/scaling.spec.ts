import { expect, FLAGGER_SCALING, flaggerRollout, test } from '#harness/scenario.ts';

// Goal: a rollout takes no pod away that an autoscaler gave, and waits for those that it gives.
// Method: 300 requests a second throughout; raise the floor of the autoscaler in the middle of an analysis; judge the recorded timeline.
// Needs: flagger
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(FLAGGER_SCALING)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await flaggerRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
