import { expect, flaggerRollout, test } from '#harness/scenario.ts';

// Goal: what Flagger promises does not depend on Traefik: through Contour and Envoy a good release is promoted, and nobody notices.
// Method: 300 requests a second throughout; ship a good release; Flagger writes weights into an HTTPRoute of the Gateway API; judge the recorded timeline.
// Needs: flagger, contour
// Isolation: namespace 0.8 cpu
// Tags: nightly
test('a good release is promoted through Contour and Envoy without one failed request', async ({
  openRun,
}) => {
  const verdict = await flaggerRollout(openRun(), {
    release: 'good',
    expected: 'promotion',
    bad_answers_pct: 0,
    canary: { interval_s: 10, threshold: 2, step_weight_pct: 10, max_weight_pct: 50 },
    load: 'steady-300',
    gateway: 'contour',
  });
  expect(verdict).toHold();
});
