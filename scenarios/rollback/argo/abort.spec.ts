import { ARGO_ABORT, argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: a person who gives a release up has the former one back at once, and its pods for as long as was asked for.
// Method: 300 requests a second throughout; abort before the first weight, at a weight, at the next; judge each abort from the timeline.
// Needs: argo
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(ARGO_ABORT)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await argoRollout(openRun({ name }), rollout);
  expect(verdict).toHold();
});
