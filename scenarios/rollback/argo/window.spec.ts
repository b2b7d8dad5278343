import { ARGO_WINDOW, argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: going back to a former release is quick where a window allows it, and careful everywhere else.
// Method: 300 requests a second throughout; ship v2, go back to v1, promote v3 in full, go back to v1 again; judge what each went through.
// Needs: argo
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(ARGO_WINDOW)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await argoRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
