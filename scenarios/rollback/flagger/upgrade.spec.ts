import { expect, FLAGGER_UPGRADE, flaggerRollout, test } from '#harness/scenario.ts';

// Goal: a newer Flagger takes over what an older one has made, and rolls nothing out that nobody shipped.
// Method: 300 requests a second throughout; on a cluster with an older Flagger its image and definitions are replaced by those of a newer one, then a release is shipped; judge the recorded timeline.
// Needs: flagger
// Isolation: cluster
// Versions: flagger 1.43.0, flagger 1.44.0
// Tags: nightly
test.for(FLAGGER_UPGRADE)('$title', async ({ name, rollout }, { openRun }) => {
  const verdict = await flaggerRollout(openRun({ name }), rollout);
  const known = rollout.settles?.known_break;
  if (known) expect(verdict).toBreakAsKnown(known.contract, known.thread);
  else expect(verdict).toHold();
});
