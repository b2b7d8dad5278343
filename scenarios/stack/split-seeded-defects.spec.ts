import { expect, SPLIT_DEFECTS, splitTraffic, test } from '#harness/scenario.ts';

const CASES = (['traefik', 'contour'] as const).flatMap((gateway) =>
  SPLIT_DEFECTS.map((defect) => ({ gateway, defect, name: defect.name, breaks: defect.breaks })),
);

// Goal: Mettle can fail. A gateway that deals out other shares than it declares is noticed, on each gateway.
// Method: the scenario of the split at 5 % alone, with one thing broken on purpose in each run.
// Needs: traefik, contour
// Isolation: namespace 0.8 cpu
// Tags: nightly, slow
test.for(CASES)('$gateway, $name: $breaks', async ({ gateway, defect, name }, { openRun }) => {
  const verdict = await splitTraffic(openRun(`${gateway}-${name}`), {
    gateway,
    canary_pct: [5],
    load: 'steady-300',
    defect,
  });
  expect(verdict).toBeCaughtBy(defect.noticed_by);
});
