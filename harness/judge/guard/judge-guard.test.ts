import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHECK_IDS, GROUND_IDS } from '#harness/core/guard/catalogue/ids.ts';
import type { GuardFacts } from '#harness/core/guard/facts.ts';
import { JUDGED_CHECKS, judgeGuard } from './judge-guard.ts';
import {
  madeColumn,
  madeContent,
  madeFacts,
  madeFailing,
  madeKill,
  madeLoad,
  madeStatement,
  madeWait,
  ROWS,
} from './testing/made-guard.ts';
import { alone, cost, type Defect, load, name, without } from './testing/defects.ts';
import { GROUNDLESS } from './testing/defects-grounds.ts';
import { HARM } from './testing/defects-harm.ts';
import { MEANWHILE } from './testing/defects-meanwhile.ts';
import { UNTOLD_REACH } from './testing/defects-reach.ts';
import { WAY_BACK } from './testing/defects-way-back.ts';
import { found } from './testing/found.ts';

const DEFECTS = [...HARM, ...MEANWHILE, ...WAY_BACK, ...GROUNDLESS, ...UNTOLD_REACH];

function spoilt({ spoil }: Defect): GuardFacts {
  return typeof spoil === 'function' ? spoil(madeFacts()) : madeFacts(spoil);
}

describe('seeded defects', () => {
  test('a run in which all went well passes every check', () => {
    const verdict = judgeGuard(madeFacts());
    expect(verdict.checks.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
    expect(verdict).toMatchObject({ outcome: 'pass', not_judged: [] });
    expect(verdict.checks).toHaveLength(24);
  });

  test.each(DEFECTS)('$name: $check turns $outcome', (defect) => {
    const facts = spoilt(defect);
    const one = found(facts, defect.check);
    expect(one.reason).toMatch(defect.says);
    const { outcome, severity = one.severity } = defect;
    expect(one).toMatchObject({ outcome, severity });
    // What is spoilt may break more than the check that is meant for it.
    const worst = outcome === 'fail' ? ['fail'] : ['inconclusive', 'fail'];
    expect(worst).toContain(judgeGuard(facts).outcome);
  });
});

test('values of columns that are not listed count among those that are as they were', () => {
  const facts = madeFacts({ content: madeContent({ columns: [], values_as_before: 1204 }) });
  expect(found(facts, 'values-kept')).toMatchObject({ outcome: 'pass', measured: '0 of 1,204 values' });
});

test("the mark that a tool takes away again is nobody's value, and a column of that name elsewhere is", () => {
  const columns = (madeContent().tables[0]?.columns ?? []).map((column) => ({
    ...column,
    column: '_pgroll_needs_backfill',
    changed: 1,
  }));
  const content = madeContent({ columns });
  expect(found(madeFacts({ content, tool: 'pgroll' }), 'values-kept')).toMatchObject({ outcome: 'pass' });
  expect(found(madeFacts({ content }), 'values-kept')).toMatchObject({ outcome: 'fail' });
});

describe('what is borne', () => {
  test('an empty column that is dropped is a remark, not a failure', () => {
    const dropped = {
      column: 'name',
      type_before: 'text',
      filled: 0,
      changed: 0,
      truncated: 0,
      nulled: 0,
      gained: 0,
      lost: 0,
      examples: [],
    };
    const one = found(madeFacts({ content: madeContent({ columns: [dropped] }) }), 'values-kept');
    expect(one).toMatchObject({ outcome: 'pass', severity: 'low' });
    expect(one.reason).toBe('public.users.name is gone, but held no value');
  });

  test('NULLs that are given a value are counted, and no failure', () => {
    const content = madeContent({ columns: [madeColumn('deleted_at', { filled: 10, gained: 1204 })] });
    const one = found(madeFacts({ content }), 'values-kept');
    expect(one).toMatchObject({ outcome: 'pass', severity: 'low' });
    expect(one.reason).toBe(
      'all 10 values are as they were; 1,204 NULLs of public.users.deleted_at were given a value',
    );
    expect(one.statements.map(({ index }) => index)).toEqual([0]);
  });

  test('a column whose values moved is kept', () => {
    const moved = {
      column: 'name',
      type_before: 'text',
      filled: ROWS,
      changed: 0,
      truncated: 0,
      nulled: 0,
      gained: 0,
      lost: 0,
      moved_to: 'public.users.full_name',
      examples: [],
    };
    const facts = madeFacts({ content: madeContent({ columns: [moved] }) });
    expect(found(facts, 'values-kept').outcome).toBe('pass');
  });

  test('a new release that needs the migration first is told so', () => {
    const one = found(madeFacts({ new_before: madeFailing('new', 'before', 900) }), 'new-release-before');
    expect(one).toMatchObject({ outcome: 'pass', severity: 'low' });
    expect(one.reason).toContain('migrate first, then release');
  });

  test('a small table may be written anew', () => {
    const facts = madeFacts(cost({ rewritten: ['public.users'] }), {
      data: { source: 'dump', from: 'd', tables: [{ table: 'public.users', rows: 40, bytes: 8192 }] },
    });
    expect(found(facts, 'table-rewrite')).toMatchObject({ outcome: 'pass', severity: 'low' });
  });

  test('the index of a table that the migration makes keeps nobody out', () => {
    const facts = madeFacts({
      ...cost({ indexes_built: ['orders_pkey'], locks: { 'public.users': 'ShareRowExclusiveLock' } }),
      statements: [
        madeStatement(0, 'CREATE TABLE orders (id int PRIMARY KEY, u int REFERENCES users)', {
          kind: 'CreateStmt',
          relations: ['public.orders', 'public.users'],
        }),
      ],
    });
    expect(found(facts, 'table-rewrite').outcome).toBe('pass');
  });

  test('an invalid index that a kill left, and that a drop mends, is a remark', () => {
    const kill = madeKill('client', {
      state: 'in between',
      residue: ['invalid index public.users_name_idx'],
      again: 'refused',
      again_refusal: { index: 0, code: '42P07', message: 'relation "users_name_idx" already exists' },
      same_after_again: false,
      differences: ['index users_name_idx is invalid'],
    });
    const facts = madeFacts({ kills: [kill, madeKill('server'), madeKill('connection')] });
    expect(found(facts, 'killed-client')).toMatchObject({ outcome: 'pass', severity: 'low' });
  });

  test('a refused run that changed rows does not fail safe', () => {
    const facts = madeFacts({
      ...alone({ outcome: 'refused', refusal: { index: 0, code: '22001', message: 'value too long' } }),
      content: madeContent({ rows_lost: 3 }),
    });
    expect(found(facts, 'runs-on-data').severity).toBe('critical');
    expect(found(facts, 'runs-on-data').reason).not.toContain('fails safe');
  });
});

describe('what is left out and what is accepted', () => {
  test('a part that was left out is not judged, and says why', () => {
    const verdict = judgeGuard(
      without('kills')(madeFacts({}, { left_out: [{ part: 'kills', why: 'left out by --fast' }] })),
    );
    expect(verdict.outcome).toBe('pass');
    expect(verdict.not_judged).toEqual(
      ['killed-client', 'killed-server', 'connection-cut'].map((check) => ({
        check,
        why: 'left out by --fast',
      })),
    );
    expect(verdict.checks.some(({ check }) => check.startsWith('killed'))).toBe(false);
  });

  test('an accepted risk decides nothing, and is shown as accepted with its outcome', () => {
    const facts = madeFacts(load(madeFailing('old', 'after', 700)));
    const accepted = { 'old-release-after': 'the old release is gone' };
    const verdict = judgeGuard(facts, { budgets: { readers_ms: 500, writers_ms: 500 }, accepted });
    expect(verdict.outcome).toBe('pass');
    const one = verdict.checks.find(({ check }) => check === 'old-release-after');
    expect(one).toMatchObject({ outcome: 'fail', accepted: 'the old release is gone' });
  });

  test('an accepted ground holds up those that stand on it', () => {
    const facts = madeFacts(
      {},
      {
        data: { source: 'empty', from: 'schema.sql', tables: [{ table: 'public.users', rows: 0, bytes: 0 }] },
      },
    );
    expect(judgeGuard(facts).outcome).toBe('inconclusive');
    const accepted = { 'data-present': 'the table is new' };
    const { outcome } = judgeGuard(facts, { budgets: { readers_ms: 500, writers_ms: 500 }, accepted });
    expect(outcome).toBe('pass');
  });

  test('an unbounded queue behind a reader is remarked, and fails where its limit was named', () => {
    const facts = madeFacts({
      behind_reader: madeLoad({ ...madeWait('writers', 1990), duration_ms: 2010, reader_held_ms: 2000 }),
    });
    expect(found(facts, 'lock-queue')).toMatchObject({ outcome: 'pass', severity: 'low' });
    const named = { readers_ms: 500, writers_ms: 500, queue_ms: 1000 };
    const queue = judgeGuard(facts, { budgets: named, accepted: {} }).checks.find(
      ({ check }) => check === 'lock-queue',
    );
    expect(queue).toMatchObject({ outcome: 'fail', severity: 'high' });
    expect(queue?.reason).toMatch(
      /^everybody queues behind it for as long as the reader stays: writers for 1,990 ms/,
    );
    const longer = { ...named, queue_ms: 3000 };
    expect(
      judgeGuard(facts, { budgets: longer, accepted: {} }).checks.find(({ check }) => check === 'lock-queue'),
    ).toMatchObject({ outcome: 'inconclusive' });
  });

  test('a higher budget bears a longer wait', () => {
    const facts = madeFacts({ under_load: madeLoad({ ...madeWait('readers', 900), duration_ms: 900 }) });
    expect(judgeGuard(facts).outcome).toBe('fail');
    const { outcome } = judgeGuard(facts, { budgets: { readers_ms: 1000, writers_ms: 500 }, accepted: {} });
    expect(outcome).toBe('pass');
  });
});

const finding = (statement: number) => ({
  rule: 'changing-column-type',
  level: 'warning',
  message: 'Changing a column type requires an exclusive lock',
  position: { file: 'up.sql', line: 1, column: 1 },
  migration: 'up.sql',
  statement,
});

const lint = (...statements: number[]): Partial<GuardFacts> => ({
  lint: { tool: 'squawk', version: '2.66.0', findings: statements.map(finding) },
});

describe('the linter beside it', () => {
  test('a warning that measuring does not bear out is overturned, with what was measured', () => {
    const verdict = judgeGuard(madeFacts({}, lint(0)));
    expect(verdict.outcome).toBe('pass');
    expect(verdict.lint[0]).toMatchObject({ stance: 'overturned' });
    expect(verdict.lint[0]?.sentence).toMatch(/^measured: no rewrite, 3\.0 ms under AccessExclusiveLock/);
  });

  test('a warning is confirmed by a check that fails at its statement', () => {
    const verdict = judgeGuard(madeFacts(cost({ rewritten: ['public.users'] }), lint(0)));
    expect(verdict.lint[0]).toMatchObject({ stance: 'confirmed' });
    expect(verdict.unseen_by_linter).toEqual([]);
  });

  test('a warning is neither confirmed nor overturned while one of its checks was left out', () => {
    const left_out = [{ part: 'growth', why: 'it was left out' }] as const;
    const [opinion] = judgeGuard(madeFacts({}, { ...lint(0), left_out })).lint;
    expect(opinion).toMatchObject({ stance: 'not measured' });
    expect(opinion?.sentence).toMatch(/; not known: growth, so it is neither confirmed nor overturned$/);
  });

  test('a warning is not overturned while a check lacks its evidence', () => {
    const verdict = judgeGuard(without('content')(madeFacts({}, lint(0))));
    expect(verdict.lint[0]).toMatchObject({ stance: 'not measured' });
    expect(verdict.lint[0]?.sentence).toContain('not known: values-kept');
  });

  test('a warning of something else is not confirmed by a failing check', () => {
    const facts = madeFacts(cost({ rewritten: ['public.users'] }), {
      lint: {
        tool: 'squawk',
        version: '2.66.0',
        findings: [{ ...finding(0), rule: 'renaming-column' }],
      },
    });
    expect(judgeGuard(facts).lint[0]).toMatchObject({ stance: 'overturned' });
  });

  test('a matter of taste is neither confirmed nor overturned', () => {
    const facts = madeFacts(cost({ rewritten: ['public.users'] }), {
      lint: {
        tool: 'squawk',
        version: '2.66.0',
        findings: [{ ...finding(0), rule: 'prefer-text-field' }],
      },
    });
    expect(judgeGuard(facts).lint[0]).toMatchObject({ stance: 'not measured' });
  });

  test('a harm of which no rule warns is named', () => {
    const verdict = judgeGuard(madeFacts(name({ changed: 1204, truncated: 1204 }), lint()));
    expect(verdict.unseen_by_linter[0]).toMatch(/^no rule of squawk; values-kept: 1,204 values/);
  });
});

test('the worst of the checks wins, whatever else is spoilt', () => {
  fc.assert(
    fc.property(fc.subarray([...DEFECTS], { minLength: 1 }), (some) => {
      const facts = madeFacts(
        Object.assign({}, ...some.map(({ spoil }) => (typeof spoil === 'function' ? {} : spoil))),
      );
      const { checks, outcome } = judgeGuard(facts);
      const outcomes = new Set(checks.map((one) => one.outcome));
      expect(outcome).toBe(
        outcomes.has('fail') ? 'fail' : outcomes.has('inconclusive') ? 'inconclusive' : 'pass',
      );
      for (const one of checks) {
        expect(one.outcome === 'fail').toBe(one.severity === 'high' || one.severity === 'critical');
        expect(one.reason).not.toMatch(/undefined|NaN|could not be applied/);
      }
    }),
  );
});

test('every check of the catalogue is judged; the linter beside them has no outcome', () => {
  const wanted = [...CHECK_IDS, ...GROUND_IDS].filter((id) => id !== 'lint');
  expect(JUDGED_CHECKS.toSorted()).toEqual(wanted.toSorted());
});
