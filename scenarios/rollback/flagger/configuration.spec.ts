import { expect, FLAGGER_CONFIGURATION, flaggerRollout, test } from '#harness/scenario.ts';

// Goal: a broken configuration is rolled back like a broken release, and what the primary reads does not change before a promotion.
// Method: 300 requests a second throughout; change a map that opted out, one that is tracked, one of an init container, and a Secret; judge each recorded timeline.
// Needs: flagger
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(FLAGGER_CONFIGURATION)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await flaggerRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
