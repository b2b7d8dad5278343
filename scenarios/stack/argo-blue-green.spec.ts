import { argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: a blue/green release is looked at before any user meets it, and then takes over from one moment to the next.
// Method: 300 requests a second throughout; compare the switch of the active Service with who answered when.
// Needs: argo
// Isolation: namespace 0.8 cpu
test('a blue/green release is switched to with no failed request, and no user meets its preview before', async ({
  openRun,
}) => {
  const verdict = await argoRollout(openRun(), {
    release: 'good',
    expected: 'promotion',
    bad_answers_pct: 0,
    rollout: { strategy: 'blue-green' },
    load: 'steady-300',
  });
  expect(verdict).toHold();
});
