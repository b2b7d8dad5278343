import { expect, FLAGGER_LIFECYCLE, flaggerRollout, test } from '#harness/scenario.ts';

// Goal: a team gives a Deployment that serves customers to Flagger, and no customer notices.
// Method: 300 requests a second throughout; the shop serves as a plain Deployment, then its Canary is made; judge the recorded timeline.
// Needs: flagger
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(FLAGGER_LIFECYCLE)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await flaggerRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
