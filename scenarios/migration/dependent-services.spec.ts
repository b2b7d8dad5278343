import { DEPENDENCY_DEFECTS, dependentCanary, dependentServices, expect, test } from '#harness/scenario.ts';

// Goal: a release that needs the newer release of another service is never at work without it.
// Method: 300 requests a second, one in ten an order, for which the shop asks a service of prices; ask for the shop's next release before and after that of the service, and for the way back; each is refused or shipped by what every pod says of itself. Then with nobody who asks: Flagger meets the wrong order.
// Needs: flagger, postgres
// Isolation: namespace 0.8 cpu
// Tags: nightly, slow
test('the wrong order is refused with its reason, the right one costs no request', async ({ openRun }) => {
  expect(await dependentServices(openRun())).toHold();
});

test('with nobody who asks, Flagger withdraws the release, and the harm is known', async ({ openRun }) => {
  expect(await dependentCanary(openRun({ name: 'canary' }))).toHold();
});

test.for(DEPENDENCY_DEFECTS)('$name: $breaks', async (defect, { openRun }) => {
  const verdict = await dependentServices(openRun(defect.name), defect);
  expect(verdict).toBeCaughtBy(defect.noticed_by, defect.says);
});
