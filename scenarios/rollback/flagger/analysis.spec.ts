import { expect, FLAGGER_ANALYSIS, flaggerRollout, test } from '#harness/scenario.ts';

// Goal: what Flagger's documentation promises of checks that fail, and of checks that see nothing, holds under load.
// Method: 300 requests a second throughout; one rollout for each row of the table; judge each recorded timeline.
// Needs: flagger, metrics-proxy
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(FLAGGER_ANALYSIS)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await flaggerRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
