import {
  argoRollout,
  expect,
  flaggerRollout,
  SLOW_CHAT_ARGO,
  SLOW_CHAT_FLAGGER,
  test,
} from '#harness/scenario.ts';

// Goal: how long a chat that answers late keeps users on a release that was given up is known.
// Method: 300 requests a second throughout; ship a release that fails half of its requests; let the chat answer after 4.5 s; measure from its message to the withdrawal.
// Needs: flagger, argo
// Isolation: namespace 0.8 cpu
// Tags: nightly
const TOLD_FIRST = 'harness/DESIGN.md';

test.for(SLOW_CHAT_FLAGGER)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await flaggerRollout(openRun({ name: `flagger-${name}` }), rollout);
  expect(verdict).toBreakAsKnown('S5', TOLD_FIRST);
});

test.for(SLOW_CHAT_ARGO)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await argoRollout(openRun({ name: `argo-${name}` }), rollout);
  expect(verdict).toBreakAsKnown('S5', TOLD_FIRST);
});
