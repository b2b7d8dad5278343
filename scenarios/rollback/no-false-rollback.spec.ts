import { expect, flaggerRollout, NOT_BLAMED, test } from '#harness/scenario.ts';

// Goal: what goes wrong beside a good release is not blamed on it.
// Method: 300 requests a second throughout; ship a good release; break something else at its first weight.
// Needs: flagger, metrics-proxy, postgres
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(NOT_BLAMED)('$title', async ({ name, rollout }, { openRun }) => {
  expect(await flaggerRollout(openRun({ name }), rollout)).toHold();
});
