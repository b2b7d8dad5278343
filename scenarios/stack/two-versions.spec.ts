import { expect, test, twoVersions } from '#harness/scenario.ts';

// Goal: a team compares two versions of a controller: stacks of different versions live beside each other and do not meet.
// Method: two clusters at once, an older Flagger on one; each promotes a good release under 50 requests a second; read both versions from what runs.
// Needs: flagger
// Isolation: cluster
// Versions: flagger 1.43.0, flagger 1.44.0
// Tags: nightly
test('two versions of Flagger promote a good release at the same time, each on a cluster of its own', async ({
  openRun,
  openCluster,
}) => {
  await using other = await openCluster({ versions: { flagger: '1.44.0' } });
  const runs = { older: openRun(), newer: openRun({ name: 'newer', on: other.environment }) };
  const verdicts = await twoVersions(runs, {
    release: 'good',
    expected: 'promotion',
    bad_answers_pct: 0,
    canary: { interval_s: 10, threshold: 2, step_weight_pct: 10, max_weight_pct: 50 },
    load: 'light-50',
  });
  expect(verdicts.older).toHold();
  expect(verdicts.newer).toHold();
});
