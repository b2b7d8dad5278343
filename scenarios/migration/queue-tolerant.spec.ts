import { expect, QUEUE_DEFECTS, queueTolerant, test } from '#harness/scenario.ts';

// Goal: whoever works off a queue may die and be away for a deployment, and what was accepted is carried out once all the same.
// Method: 300 requests a second, one in ten an order, each put into a queue by the transaction that takes it; kill the consumer in the middle of a batch, then stop it, migrate its table and start its next release; compare every order with what was shipped, and how long each waited.
// Needs: traefik, postgres
// Isolation: namespace 0.8 cpu
// Tags: nightly, slow
test('nothing is lost or doubled, and what has piled up is worked off in time', async ({ openRun }) => {
  expect(await queueTolerant(openRun())).toHold();
});

test.for(QUEUE_DEFECTS)('$name: $breaks', async (defect, { openRun }) => {
  const verdict = await queueTolerant(openRun(defect.name), defect);
  expect(verdict).toBeCaughtBy(defect.noticed_by, defect.says);
});
