import { expect, STOP_AND_GO_DEFECTS, stopAndGo, test } from '#harness/scenario.ts';

// Goal: a release that cannot live beside its predecessor takes its place in a time without service that is declared and kept.
// Method: 300 requests a second, one in ten an order; the gateway refuses everybody, all pods are stopped, a column that the old release uses is renamed, the new release is started, the gateway leads everybody to it; the time is measured by users, from the first refusal to the last.
// Needs: traefik, postgres
// Isolation: namespace 0.8 cpu
// Tags: nightly, slow
test('nobody is served for as long as declared, everybody is told so, and no order is lost', async ({
  openRun,
}) => {
  expect(await stopAndGo(openRun())).toHold();
});

test.for(STOP_AND_GO_DEFECTS)('$name: $breaks', async (defect, { openRun }) => {
  const verdict = await stopAndGo(openRun(defect.name), defect);
  expect(verdict).toBeCaughtBy(defect.noticed_by, defect.says);
});
