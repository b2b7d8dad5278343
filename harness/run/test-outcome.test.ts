import { expect, test } from 'vitest';
import { outcomeOfTest } from './test-outcome.ts';

const seeded_defect = 'metric-missing';

test.each([
  ['a test that passed', 'passed', { outcome: 'fail', seeded_defect }, 'pass'],
  ['a verdict that is not the expected pass', 'failed', { outcome: 'fail' }, 'fail'],
  ['missing evidence', 'failed', { outcome: 'inconclusive' }, 'inconclusive'],
  ['a demand beside the verdict that does not hold', 'failed', { outcome: 'pass' }, 'fail'],
  ['a scenario that broke before its run', 'failed', undefined, 'inconclusive'],
  ['a scenario that was not run', 'skipped', undefined, 'inconclusive'],
  ['a defect that nobody noticed', 'failed', { outcome: 'pass', seeded_defect }, 'fail'],
  ['a defect that another rule noticed', 'failed', { outcome: 'fail', seeded_defect }, 'fail'],
  [
    'a defect in a run without evidence',
    'failed',
    { outcome: 'inconclusive', seeded_defect },
    'inconclusive',
  ],
] as const)('%s', (_what, state, reported, outcome) => {
  expect(outcomeOfTest(state, reported)).toBe(outcome);
});
