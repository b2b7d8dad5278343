import { expect, FLAGGER_KNOWN_BREAKS, flaggerRollout, test } from '#harness/scenario.ts';

// Goal: what Flagger's threads report as broken is still broken as they say; that it is not would be news.
// Method: 300 requests a second throughout; one rollout for each thread; the contract must be found broken.
// Needs: flagger, metrics-proxy, gate
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(FLAGGER_KNOWN_BREAKS)('$title', async ({ name, rollout, broken }, { openRun }) => {
  const verdict = await flaggerRollout(openRun({ name }), rollout);
  expect(verdict).toBreakAsKnown(broken.contract, broken.thread);
});
