import { expect, FLAGGER_STRATEGIES, flaggerRollout, test } from '#harness/scenario.ts';

// Goal: each strategy of deployment leads exactly those users to a release that it promises to.
// Method: 300 requests a second throughout, a share of them marked by a header, or each user with the cookies it was given; one rollout for each strategy; judge each recorded timeline.
// Needs: flagger, contour
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(FLAGGER_STRATEGIES)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await flaggerRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
