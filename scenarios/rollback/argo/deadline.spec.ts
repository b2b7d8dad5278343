import { ARGO_DEADLINE, argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: a release that makes no progress is found when its deadline passes, and does no harm to the next one.
// Method: 300 requests a second throughout; ship two releases that are never ready, then a good one with a pause beyond the deadline.
// Needs: argo
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(ARGO_DEADLINE)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await argoRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
