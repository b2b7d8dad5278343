import { expect, FLAGGER_PROMOTION, flaggerRollout, test } from '#harness/scenario.ts';

// Goal: what Flagger promises of a promotion holds under load, for a primary that is slow and for one that fails.
// Method: 300 requests a second throughout; one rollout for each row of the table; judge each recorded timeline.
// Needs: flagger, contour
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(FLAGGER_PROMOTION)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await flaggerRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
