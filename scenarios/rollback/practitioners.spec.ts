import { argoRollout, BAKED, expect, flaggerRollout, PRACTITIONERS, test } from '#harness/scenario.ts';

// Goal: the rules by which teams take releases back do so on a real stack, each alone.
// Method: 300 requests a second throughout; one rollout for each rule, with a release that only this rule is about.
// Needs: flagger, argo, contour, kube-state-metrics
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(PRACTITIONERS)('$title', async ({ name, rollout }, { openRun }) => {
  expect(await flaggerRollout(openRun({ name }), rollout)).toHold();
});

test.for(BAKED)('$title', async ({ name, rollout }, { openRun }) => {
  expect(await argoRollout(openRun({ name }), rollout)).toHold();
});
