import { expect, test } from 'vitest';
import { judgeGuard } from './judge-guard.ts';
import { load, without } from './testing/defects.ts';
import { madeFacts, madeFailing, madeLoad, madeWorkload, madeWritten } from './testing/made-guard.ts';

function found(check: string, facts: Parameters<typeof judgeGuard>[0]) {
  const { checks } = judgeGuard(facts);
  return checks.find((one) => one.check === check);
}

const failing = (moment: 'before' | 'during') => ({
  ...madeFailing('new', moment, 200),
  by_statement: [
    { name: 'rename user', reads_only: false, begun: 200, failed: 200, latency_max_ms: 20 },
    { name: 'user by id', reads_only: true, begun: 700, failed: 0, latency_max_ms: 12 },
  ],
});

test('a new release that fails while it runs as it does before says that the migration goes first', () => {
  const facts = madeFacts({ ...load(failing('during')), new_before: failing('before') });
  expect(found('new-release-during', facts)).toMatchObject({
    outcome: 'pass',
    severity: 'low',
    measured: '200 of 900 statements failed',
  });
  expect(found('new-release-during', madeFacts(load(failing('during'))))).toMatchObject({ outcome: 'fail' });
  const untried = without('new_before')(madeFacts(load(failing('during'))));
  expect(found('new-release-during', untried)).toMatchObject({ outcome: 'inconclusive' });
});

test('what was written is kept, by number', () => {
  expect(found('writes-kept', madeFacts())).toMatchObject({
    outcome: 'pass',
    measured: '0 of 380 rows',
    derivation: "400 changes of rows in the server's log",
  });
  const bad = madeWritten({
    missing: 1,
    changed: 2,
    returned: 3,
    columns: ['name'],
    examples: ['id=1', 'id=7'],
  });
  const under_load = madeLoad({ written: { changes: 9, tables: [bad], not_compared: [] } });
  expect(found('writes-kept', madeFacts({ under_load }))).toMatchObject({
    measured: '6 of 380 rows',
    statements: [{ index: 0 }],
    safer: { sql: expect.stringContaining('LOCK TABLE public.users IN SHARE ROW EXCLUSIVE MODE;') },
    items: [
      'public.users: 1 row written and not there, 2 rows with another value than was written (name) and 3 rows deleted and there again, for example id=1; id=7',
    ],
  });
});

test('a table that it does not touch may go without a key', () => {
  const not_compared = [{ table: 'public.others', why: 'its rows cannot be told apart' }];
  const under_load = madeLoad({ written: { changes: 9, tables: [madeWritten()], not_compared } });
  expect(found('writes-kept', madeFacts({ under_load }))).toMatchObject({ outcome: 'pass' });
});

test('releases that write nothing lose nothing, and nobody at work is a pass only where nobody need be', () => {
  const readers = madeWorkload('old', 'during', {
    by_statement: [{ name: 'user by id', reads_only: true, begun: 700, failed: 0, latency_max_ms: 12 }],
  });
  const under_load = madeLoad({
    workloads: [readers],
    written: { changes: 0, tables: [], not_compared: [] },
  });
  expect(found('writes-kept', madeFacts({ under_load }))).toMatchObject({
    outcome: 'pass',
    reason: 'the releases at work write nothing',
  });
  const idle = without('under_load')(
    madeFacts(
      {},
      {
        left_out: [
          { part: 'old-release', why: 'none' },
          { part: 'new-release', why: 'none' },
        ],
      },
    ),
  );
  expect(found('writes-kept', without('under_load')(madeFacts()))).toMatchObject({ outcome: 'inconclusive' });
  expect(found('writes-kept', without('behind_reader')(without('new_before')(idle)))).toMatchObject({
    outcome: 'pass',
    reason: 'it locks no table that was there: nobody was put to work beside it',
  });
  const refused = madeFacts({ not_measured: { under_load: 'the database lets nobody in' } });
  expect(found('writes-kept', without('under_load')(refused))).toMatchObject({
    outcome: 'inconclusive',
    reason: 'no release was at work while it ran: the database lets nobody in',
  });
  const left_out = madeFacts({}, { left_out: [{ part: 'writes', why: 'left out by --fast' }] });
  expect(found('writes-kept', left_out)).toBeUndefined();
});
