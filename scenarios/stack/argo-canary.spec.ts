import { argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: a good release under Argo Rollouts reaches all users by every step of its canary, and nobody notices.
// Method: 300 requests a second throughout; ship the release by its pod template; judge the recorded timeline.
// Needs: argo
// Isolation: namespace 0.8 cpu
test('a good release is promoted by Argo Rollouts through every step with no failed request', async ({
  openRun,
}) => {
  const verdict = await argoRollout(openRun(), {
    release: 'good',
    expected: 'promotion',
    bad_answers_pct: 0,
    load: 'steady-300',
  });
  expect(verdict).toHold();
});
