import { alertOnce, expect, test } from '#harness/scenario.ts';

// Goal: a release that crashes at its start is told of although no user notices it.
// Method: ship it past every controller under 300 requests a second; compare the alert and the chat with what its pods did.
// Needs: traefik, prometheus, alertmanager, kube-state-metrics, chat
// Isolation: namespace 0.8 cpu
// Tags: nightly
test('an alert on pods that crash again and again fires on time, is told once, and resolves', async ({
  openRun,
}) => {
  expect(await alertOnce(openRun(), { cause: 'crash-loop', load: 'steady-300' })).toHold();
});
