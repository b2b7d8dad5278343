import { ARGO_KNOWN_BREAKS, argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: what is reported not to hold is seen not to hold, on this version; what holds after all is news.
// Method: 300 requests a second throughout; bring each rollout to the state that its thread tells of; judge the recorded timeline.
// Needs: argo
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(ARGO_KNOWN_BREAKS)('$title', async ({ name, rollout }, { openRun }) => {
  const { contracts = [], known_break } = rollout.settles ?? {};
  const verdict = await argoRollout(openRun({ name }), rollout);
  expect(verdict).toBreakAsKnown(known_break?.contract ?? '', known_break?.thread ?? '');
  // What else the run settles holds.
  const others = verdict.rules.filter(
    ({ rule }) => contracts.includes(rule) && rule !== known_break?.contract,
  );
  expect(others.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
});
