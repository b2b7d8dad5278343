import { alertOnce, expect, test } from '#harness/scenario.ts';

// Goal: whoever is on call learns of trouble in time, once, and learns that it is over.
// Method: ship a bad release past every controller under 300 requests a second; compare the alert and the chat with what users met.
// Needs: traefik, prometheus, alertmanager, chat
// Isolation: namespace 0.8 cpu
// Tags: nightly
test('an alert on failing requests fires on time, is told once, and resolves', async ({ openRun }) => {
  expect(await alertOnce(openRun(), { cause: 'bad-answers', load: 'steady-300' })).toHold();
});
