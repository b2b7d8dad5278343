import { argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: users meet a release that fails half of its requests only as far and as long as the Rollout's analysis allows.
// Method: 300 requests a second throughout; ship the release through a real Rollout; judge the recorded timeline.
// Needs: argo
// Isolation: exclusive
test('a release that fails half of its requests is aborted by Argo Rollouts within its declared exposure', async ({
  openRun,
}) => {
  const verdict = await argoRollout(openRun(), {
    release: 'errors-50',
    expected: 'rollback',
    bad_answers_pct: 50,
    load: 'steady-300',
  });
  expect(verdict).toHold();
});
