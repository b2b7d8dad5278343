import { describe, expect, test } from 'vitest';
import type { GuardFacts } from '#harness/core/guard/facts.ts';
import type { DeadlockFacts } from '#harness/core/guard/load-facts.ts';
import { judgeGuard } from './judge-guard.ts';
import { madeFacts, madeFailing, madeLoad } from './testing/made-guard.ts';
import type { CheckVerdict } from './verdict.ts';

const PARTIES: DeadlockFacts['parties'] = [
  {
    who: 'the migration',
    wanted: 'AccessExclusiveLock',
    relation: 'public.orders',
    held_by: 'a writer of the old release',
  },
  {
    who: 'a writer of the old release',
    wanted: 'RowExclusiveLock',
    relation: 'public.stock',
    held_by: 'the migration',
  },
];
const WORDS =
  'the migration waited for AccessExclusiveLock on public.orders, which a writer of the old release had locked and a writer of the old release waited for RowExclusiveLock on public.stock, which the migration had locked';
const DEADLOCK = { code: '40P01', message: 'deadlock detected' };

function found(facts: GuardFacts, check: string): CheckVerdict | undefined {
  return judgeGuard(facts).checks.find((one) => one.check === check);
}

describe('a deadlock', () => {
  test('that ends the migration fails, says who waited for whom, and shows the order of the release', () => {
    const deadlocks = [{ victim: 'the migration', parties: PARTIES }];
    const under_load = madeLoad({ outcome: 'refused', refusal: { index: 0, ...DEADLOCK }, deadlocks });
    const one = found(madeFacts({ under_load }), 'runs-on-data');
    expect(one).toMatchObject({ outcome: 'fail', severity: 'high' });
    expect(one?.reason).toBe(
      `alone it is applied, but while the releases work statement 1 ends in a deadlock (40P01): ${WORDS}; none could go on, and the server ended the migration`,
    );
    expect(one?.safer?.sql).toMatch(/LOCK TABLE public\.orders .*\nLOCK TABLE public\.stock /);
  });

  test('that ends statements of the release fails as its errors do, in the same words', () => {
    const { workloads, ...load } = madeLoad();
    const under_load = {
      ...load,
      deadlocks: [{ victim: 'the old release', parties: PARTIES }],
      workloads: workloads.map((one) =>
        one.side === 'old' && one.moment === 'during' ? madeFailing('old', 'during', 4, DEADLOCK) : one,
      ),
    };
    const one = found(madeFacts({ under_load }), 'old-release-during');
    expect(one?.outcome).toBe('fail');
    expect(one?.reason).toContain(`a deadlock (40P01): ${WORDS}`);
    expect(one?.safer?.text).toContain('in the order in which the release takes them');
  });

  test('of which the server told nothing more is named all the same', () => {
    const deadlocks = [{ victim: 'the migration', parties: [] }];
    const under_load = madeLoad({ outcome: 'refused', refusal: { index: 0, ...DEADLOCK }, deadlocks });
    const one = found(madeFacts({ under_load }), 'runs-on-data');
    expect(one?.reason).toContain('the migration and others waited for each other');
    expect(one?.safer?.sql).toBe('');
  });
});
