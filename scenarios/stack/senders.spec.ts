import { expect, senders, test } from '#harness/scenario.ts';

// Goal: whoever reads the chat learns of everything that the stack says: who says it, of what, once and in its order.
// Method: let the real Flagger, Argo Rollouts, Flux and Alertmanager tell what happens to them, in every format that they have.
// Needs: traefik, flagger, argo-rollouts, flux, git, prometheus, alertmanager, chat
// Isolation: namespace 0.4 cpu
test("every sender's message reaches the chat once, in order, and is understood", async ({ openRun }) => {
  expect(await senders(openRun())).toHold();
});
