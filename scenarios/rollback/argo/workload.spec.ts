import { ARGO_WORKLOAD, argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: a Deployment that a Rollout refers to goes as it was told to, and never before it is replaced.
// Method: 300 requests a second throughout; move a serving Deployment to a Rollout, then ship by its pod template.
// Needs: argo
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(ARGO_WORKLOAD)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await argoRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
