import { describe, expect, it } from 'vitest';
import { isCaught } from './caught.ts';
import { combine, type Outcome, type Verdict } from './verdict.ts';

function verdictOf(outcome: Outcome, reason: string, others: Outcome = 'pass'): Verdict {
  const rule = { promise: 'p', limit: 'l', evidence: [] };
  return combine([
    { ...rule, rule: 'meant', outcome, reason },
    { ...rule, rule: 'other', outcome: others, reason: 'r' },
  ]);
}

const LOST = { says: /lost/, inconclusive_because: 'nobody is left who could count' };

describe('a seeded defect is caught', () => {
  it('by the rule that is meant for it, which fails', () => {
    expect(isCaught(verdictOf('fail', '3 rows are lost'), 'meant')).toBe(true);
    expect(isCaught(verdictOf('fail', '3 rows are lost'), 'meant', /rows are lost/)).toBe(true);
  });

  it('by a rule that lacks its evidence, only where the defect takes it away', () => {
    expect(isCaught(verdictOf('inconclusive', 'the load is lost'), 'meant', LOST)).toBe(true);
  });
});

describe('a seeded defect is not caught', () => {
  it.each<[what: string, verdict: Verdict, how: Parameters<typeof isCaught>[2]]>([
    ['where nothing was noticed', verdictOf('pass', 'all is well'), undefined],
    ['where the rule lacks its evidence', verdictOf('inconclusive', 'nothing observed the rows'), undefined],
    [
      'where what was found stands on shaky ground',
      verdictOf('inconclusive', '3 rows are lost (no proof, because load-self-check does not hold)'),
      /rows are lost/,
    ],
    ['where another rule failed', verdictOf('inconclusive', 'nothing was seen', 'fail'), undefined],
    ['where another rule alone failed', verdictOf('pass', 'all is well', 'fail'), undefined],
    ['where the rule fails for another reason', verdictOf('fail', '3 rows are changed'), /rows are lost/],
    ['where the rule that can say nothing fails', verdictOf('fail', 'rows are lost'), LOST],
    ['where other evidence is missing', verdictOf('inconclusive', 'nothing was seen'), LOST],
  ])('%s', (_what, verdict, how) => {
    expect(isCaught(verdict, 'meant', how)).toBe(false);
  });

  it('by a rule that is not there', () => {
    expect(isCaught(verdictOf('fail', 'r'), 'unknown')).toBe(false);
  });
});
