import {
  ACCURACY_CASES,
  type AccuracyCase,
  accuracyRuns,
  argoAccuracy,
  argoRollout,
  decisionsOf,
  expect,
  FLAGGER_ACCURACY_CASES,
  flaggerAccuracy,
  flaggerRollout,
  type OpenRun,
  test,
  WRONG_MAX,
} from '#harness/scenario.ts';

// Goal: releases within the limits are promoted, releases beyond them are rolled back, and it is known how often not.
// Method: 300 requests a second; each case METTLE_ACCURACY_RUNS times (3), each time with another seed; count the decisions.
// Needs: flagger, argo
// Isolation: namespace 0.8 cpu
// Tags: nightly, slow
async function repeat<Rollout>(
  openRun: OpenRun,
  one: AccuracyCase,
  name: string,
  rollout: (one: AccuracyCase, seed: number) => Rollout,
  act: (run: ReturnType<OpenRun>, rollout: Rollout) => ReturnType<typeof argoRollout>,
): Promise<void> {
  const verdicts = [];
  for (let index = 1; index <= accuracyRuns(); index += 1) {
    const run = openRun({ name: `${name}-${one.name}/${index}` });
    verdicts.push(await act(run, rollout(one, run.environment.seed * 1000 + index)));
  }
  const { broken, wrong } = decisionsOf(verdicts);
  expect(broken, 'rules that do not hold although the decision is right').toEqual([]);
  // The lower end of the interval: what is above the limit beyond doubt.
  expect(wrong.low, `share of ${wrong.trials} decisions that is wrong`).toBeLessThanOrEqual(WRONG_MAX);
}

test.for(ACCURACY_CASES)('Argo Rollouts judges $title rightly', async (one, { openRun }) => {
  await repeat(openRun, one, 'argo', argoAccuracy, argoRollout);
});

test.for(FLAGGER_ACCURACY_CASES)('Flagger judges $title rightly', async (one, { openRun }) => {
  await repeat(openRun, one, 'flagger', flaggerAccuracy, flaggerRollout);
});
