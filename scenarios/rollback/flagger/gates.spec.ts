import { expect, FLAGGER_GATES, flaggerRollout, test } from '#harness/scenario.ts';

// Goal: a gate that a person holds closed holds a rollout up where it stands, and nothing else.
// Method: 300 requests a second throughout; a gate that answers Flagger's webhooks is closed and opened at moments of the rollout; judge each recorded timeline.
// Needs: flagger
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(FLAGGER_GATES)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await flaggerRollout(openRun({ name }), rollout);
  const known = rollout.settles?.known_break;
  if (known) expect(verdict).toBreakAsKnown(known.contract, known.thread);
  else expect(verdict).toHold();
});
