import { expect, flaggerRollout, FOUGHT_FLAGGER, test, WEIGHTS_FOUGHT } from '#harness/scenario.ts';

// Goal: what comes of a rollout is known when somebody else writes what its controller writes.
// Method: 300 requests a second throughout; an autoscaler or a GitOps tool sets numbers of pods, or weights, every few seconds while a good release is rolled out.
// Needs: flagger
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(FOUGHT_FLAGGER)('$title', async ({ name, rollout }, { openRun }) => {
  expect(await flaggerRollout(openRun({ name }), rollout)).toHold();
});

test.for(WEIGHTS_FOUGHT)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await flaggerRollout(openRun({ name }), rollout);
  expect(verdict).toBreakAsKnown('S7', 'harness/DESIGN.md');
});
