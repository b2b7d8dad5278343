import { expect, FLAGGER_REVISIONS, flaggerRollout, test } from '#harness/scenario.ts';

// Goal: an analysis that is overtaken by a new revision, or that is skipped, never promotes what was not looked at as the specification says.
// Method: 300 requests a second throughout; ship while another release is under analysis, skip one; judge each recorded timeline.
// Needs: flagger
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(FLAGGER_REVISIONS)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await flaggerRollout(openRun({ name }), rollout);
  const known = rollout.settles?.known_break;
  if (known) expect(verdict).toBreakAsKnown(known.contract, known.thread);
  else expect(verdict).toHold();
});
