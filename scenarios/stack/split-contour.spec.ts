import { expect, splitTraffic, test } from '#harness/scenario.ts';

// Goal: the share of users that Contour and Envoy really send to each release is the declared one, and so is its live configuration.
// Method: 300 requests a second throughout; two releases side by side, no controller; declare 5, 20 and 50 %, each for as long as the test needs to find an error of 2 points; judge the recorded timeline.
// Needs: contour
// Isolation: namespace 0.8 cpu
// Tags: nightly
test('Contour and Envoy send 5, 20 and 50 % of users to a release when that is declared', async ({
  openRun,
}) => {
  const verdict = await splitTraffic(openRun(), {
    gateway: 'contour',
    canary_pct: [5, 20, 50],
    load: 'steady-300',
  });
  expect(verdict).toHold();
});
