import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { combine, type RuleVerdict } from '#harness/core/verdict.ts';
import type { ScenarioResult } from '#harness/run/vitest-runner.ts';
import { againWhileStarved } from './again.ts';

const KEPT: RuleVerdict = {
  rule: 'exposure',
  promise: 'p',
  outcome: 'pass',
  reason: 'r',
  limit: 'l',
  evidence: [],
};
const STARVED: RuleVerdict = { ...KEPT, rule: 'load-self-check', outcome: 'inconclusive', starved: true };
const DROPPED: RuleVerdict = { ...KEPT, rule: 'load-self-check', outcome: 'inconclusive' };
/** Seen broken while the generator was starved: judged as no proof. */
const DEMOTED: RuleVerdict = { ...KEPT, outcome: 'inconclusive' };
const BROKEN: RuleVerdict = { ...KEPT, outcome: 'fail' };

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mettle-again-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function result(
  rules: readonly RuleVerdict[],
  more: Partial<ScenarioResult> = {},
): Promise<ScenarioResult> {
  const run_dir = await mkdtemp(join(folder, 'run-'));
  const verdict = combine(rules);
  await writeFile(join(run_dir, 'verdict.json'), JSON.stringify(verdict));
  return { scenario: 's', title: 't', outcome: verdict.outcome, duration_s: 1, errors: [], run_dir, ...more };
}

/** Outcomes of what stands, the runs that were made, and how many of the results were run again. */
async function ends(
  times: number,
  ...runs: readonly (readonly ScenarioResult[])[]
): Promise<{ outcomes: readonly string[]; runs: number; run_again: number }> {
  let made = 0;
  const said: string[] = [];
  const results: ScenarioResult[] = [];
  const run = async (): Promise<readonly ScenarioResult[]> => await Promise.resolve(runs[made++] ?? []);
  for await (const one of againWhileStarved(run, times, (line) => said.push(line))) results.push(one);
  expect(said).toHaveLength(made - 1);
  const standing = results.filter(({ run_again }) => run_again !== true);
  return {
    outcomes: standing.map(({ outcome }) => outcome),
    runs: made,
    run_again: results.length - standing.length,
  };
}

describe('a scenario is run again', () => {
  it('where the load generator was starved and nothing else was found', async () => {
    const first = [await result([KEPT, STARVED])];
    expect(await ends(1, first, [await result([KEPT])])).toEqual({
      outcomes: ['pass'],
      runs: 2,
      run_again: 1,
    });
  });

  it('whole, so that what its other tests find then counts too', async () => {
    const first = [await result([KEPT]), await result([KEPT, STARVED])];
    const second = [await result([BROKEN]), await result([KEPT])];
    expect(await ends(1, first, second)).toEqual({
      outcomes: ['pass', 'fail', 'pass'],
      runs: 2,
      run_again: 1,
    });
  });

  it('only so often: what is starved to the end stays inconclusive', async () => {
    const runs = [await result([STARVED]), await result([STARVED]), await result([STARVED])];
    expect(await ends(2, ...runs.map((one) => [one]))).toEqual({
      outcomes: ['inconclusive'],
      runs: 3,
      run_again: 2,
    });
    expect(await ends(0, ...runs.map((one) => [one]))).toMatchObject({ outcomes: ['inconclusive'], runs: 1 });
  });
});

describe('a scenario is not run again', () => {
  it.each([
    ['a promise was broken', [BROKEN, STARVED]],
    ['a promise was seen broken on shaky ground', [DEMOTED, STARVED]],
    ['the load was at fault in another way', [KEPT, DROPPED]],
    ['all is well', [KEPT]],
  ])('where %s', async (_case, rules) => {
    const once = await result(rules);
    expect(await ends(3, [once])).toEqual({ outcomes: [once.outcome], runs: 1, run_again: 0 });
  });

  it('where it broke before a verdict, or was a seeded defect', async () => {
    const { run_dir: _, ...broke } = await result([STARVED]);
    expect(await ends(3, [broke])).toMatchObject({ runs: 1 });
    const seeded = await result([STARVED], { seeded_defect: 'load-starved' });
    expect(await ends(3, [seeded])).toMatchObject({ runs: 1 });
  });

  it('where one of its runs says more than that', async () => {
    const { run_dir } = await result([DROPPED]);
    const two = await result([STARVED], { further_runs: [run_dir ?? ''] });
    expect(await ends(3, [two])).toMatchObject({ runs: 1 });
  });
});
