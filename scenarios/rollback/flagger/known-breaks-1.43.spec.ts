import { expect, FLAGGER_1_43_BREAKS, flaggerRollout, test } from '#harness/scenario.ts';

// Goal: what Flagger 1.44 says that it mends is broken in 1.43, by the same contracts that 1.44 is held to.
// Method: 300 requests a second throughout; one rollout for each thread; the contract must be found broken.
// Needs: flagger, contour, gate
// Isolation: cluster
// Tags: nightly
// Versions: flagger 1.43.0
test.for(FLAGGER_1_43_BREAKS)('$title', async ({ name, rollout, broken }, { openRun }) => {
  const verdict = await flaggerRollout(openRun({ name }), rollout);
  expect(verdict).toBreakAsKnown(broken.contract, broken.thread);
});
