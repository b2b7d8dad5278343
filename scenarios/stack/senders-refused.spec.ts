import { expect, senders, test } from '#harness/scenario.ts';

// Goal: a team knows which messages it may never read: what each sender does when the chat does not take one.
// Method: let the real Flagger, Argo Rollouts, Flux and Alertmanager tell what happens to them while the chat refuses one message of each; compare what arrives with what is known of the locked versions.
// Needs: traefik, flagger, argo-rollouts, flux, git, prometheus, alertmanager, chat
// Isolation: namespace 0.4 cpu
// Tags: nightly
test('senders that the chat turns away for a while do what is known of them', async ({ openRun }) => {
  expect(await senders(openRun(), { refusal: 429 })).toHold();
});

test('senders that meet an error of the chat do what is known of them', async ({ openRun }) => {
  expect(await senders(openRun(), { refusal: 500 })).toHold();
});
