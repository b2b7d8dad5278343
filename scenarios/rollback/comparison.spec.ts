import { comparedRollout, DIFFERING, expect, flaggerRollout, test } from '#harness/scenario.ts';

// Goal: a release answers as the one that it replaces: what differs in status, body or duration is listed with examples.
// Method: 300 requests a second throughout; while the release has a quarter of the users, put the same requests to both.
// Needs: flagger
// Isolation: namespace 0.8 cpu
// Tags: nightly
test('C1: a good release answers as the one that it replaces', async ({ openRun }) => {
  expect(await flaggerRollout(openRun({ name: 'alike' }), comparedRollout('good', 0))).toHold();
});

test.for(DIFFERING)('$title', async ({ name, rollout, says }, { openRun }) => {
  expect(await flaggerRollout(openRun(name), rollout)).toBeCaughtBy('C1', says);
});
