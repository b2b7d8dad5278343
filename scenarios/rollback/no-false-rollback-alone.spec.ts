import { expect, flaggerRollout, NOT_BLAMED_ALONE, test } from '#harness/scenario.ts';

// Goal: trouble with a part that others use as well is not blamed on a good release.
// Method: 300 requests a second throughout; ship a good release; restart the gateway while it has half of the users.
// Needs: flagger
// Isolation: exclusive
// Tags: nightly
test.for(NOT_BLAMED_ALONE)('$title', async ({ name, rollout }, { openRun }) => {
  expect(await flaggerRollout(openRun({ name }), rollout)).toHold();
});
