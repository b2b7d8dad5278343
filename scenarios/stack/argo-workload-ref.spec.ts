import { argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: a Deployment that serves users is moved to a Rollout by reference, and the next release goes through its canary.
// Method: 300 requests a second throughout; apply a Rollout with a workloadRef; then ship by the Deployment's pod template.
// Needs: argo
// Isolation: namespace 0.8 cpu
// Tags: nightly
test('a serving Deployment is moved to a Rollout and ships its next release with no failed request and true labels', async ({
  openRun,
}) => {
  const verdict = await argoRollout(openRun(), {
    release: 'good',
    expected: 'promotion',
    bad_answers_pct: 0,
    from_deployment: true,
    load: 'steady-300',
  });
  expect(verdict).toHold();
});
