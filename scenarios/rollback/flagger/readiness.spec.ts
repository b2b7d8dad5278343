import { expect, FLAGGER_READINESS, flaggerRollout, test } from '#harness/scenario.ts';

// Goal: a release whose pods do not become ready is rolled back at its deadline, and no user ever meets it.
// Method: 300 requests a second throughout; one rollout for each row of the table; judge each recorded timeline.
// Needs: flagger
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(FLAGGER_READINESS)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await flaggerRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
