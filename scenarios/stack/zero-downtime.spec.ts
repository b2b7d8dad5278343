import { expect, SERVICE_DEFECTS, test, zeroDowntime } from '#harness/scenario.ts';

// Goal: users notice nothing while the shop is deployed, restarted and scaled: not one request fails.
// Method: 300 requests a second throughout; a plain Deployment behind the gateway; one act after the other; judge the recorded timeline.
// Needs: traefik
// Isolation: namespace 0.8 cpu
// Tags: nightly
test('deploying, restarting and scaling the shop loses no request at 300 a second', async ({ openRun }) => {
  expect(await zeroDowntime(openRun(), { load: 'steady-300' })).toHold();
});

test.for(SERVICE_DEFECTS)('$name: $breaks', async (defect, { openRun }) => {
  const verdict = await zeroDowntime(openRun(defect.name), { load: 'steady-300', defect });
  expect(verdict).toBeCaughtBy(defect.noticed_by);
});
