import { ARGO_JOBS, argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: a Job as a measurement, and a measurement without a conclusion, neither promote nor abort a release by themselves.
// Method: 300 requests a second throughout; one rollout for each row of the table; judge each recorded timeline.
// Needs: argo
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(ARGO_JOBS)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await argoRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
