import { CUT_OFF, expect, flaggerRollout, test } from '#harness/scenario.ts';

// Goal: a release that cannot reach its database where it was put is rolled back, although the same release would serve elsewhere.
// Method: 300 requests a second throughout, one in ten an order; ship a good release; cut its pods alone off from PostgreSQL by packet filters before users meet them.
// Needs: flagger, postgres
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(CUT_OFF)('$title', async ({ name, rollout }, { openRun }) => {
  expect(await flaggerRollout(openRun({ name }), rollout)).toHold();
});
