import { expect, FLAGGER_HOOKS, flaggerRollout, test } from '#harness/scenario.ts';

// Goal: hooks that fail or are late are counted like checks that fail.
// Method: 300 requests a second throughout; the receiver of Flagger's webhooks answers with errors and too late at moments of the rollout; judge the recorded timeline.
// Needs: flagger
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(FLAGGER_HOOKS)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await flaggerRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
