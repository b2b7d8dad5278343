import type { DatabaseContentData, TableContent } from '#harness/core/recovery.ts';
import type { RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { recoveryFacts, someOf } from '../recovery-facts.ts';
import { rule } from '../rule.ts';

type Content = RecordOf<'database', 'content'>;

interface Pair {
  readonly database: string;
  readonly before: Content;
  readonly after: Content;
}

/** What was read of each database before and after. @throws MissingEvidence when there is nothing that can be compared */
function pairs(facts: Facts): readonly Pair[] {
  const { destroyed } = recoveryFacts(facts);
  const read = facts.timeline.of('database', 'content');
  const names = [...new Set(read.map(({ subject }) => subject))];
  if (names.length === 0) throw new MissingEvidence('nobody read what the database holds');
  return names.map((database) => {
    const of = (moment: DatabaseContentData['moment']): Content => {
      const found = read.findLast(({ subject, data }) => subject === database && data.moment === moment);
      if (!found) throw new MissingEvidence(`nobody read what ${database} holds ${moment} the loss`);
      return found;
    };
    const before = of('before');
    const after = of('after');
    if (before.at > destroyed.at || after.at < destroyed.at) {
      throw new MissingEvidence(`${database} was not read before and after the destruction`);
    }
    if (before.data.tables.every(({ rows }) => rows === 0)) {
      throw new MissingEvidence(`no row was seen in ${database} before the loss: there was nothing to lose`);
    }
    for (const [table, position] of Object.entries(before.data.up_to)) {
      const there = after.data.tables.some((one) => one.table === table);
      if (there && after.data.up_to[table] !== position) {
        throw new MissingEvidence(
          `${table} was read up to row ${position} before and up to ${after.data.up_to[table] ?? 'its end'} after: that does not compare`,
        );
      }
    }
    return { database, before, after };
  });
}

function tableProblem(was: TableContent, is: TableContent | undefined): readonly string[] {
  if (!is) return [`table ${was.table} with ${was.rows} rows is missing`];
  if (is.rows !== was.rows) return [`${was.table} has ${is.rows} rows, not ${was.rows}`];
  if (is.content_hash === was.content_hash) return [];
  const columns = Object.entries(was.columns ?? {}).filter(([name, hash]) => is.columns?.[name] !== hash);
  const where = columns.length === 0 ? '' : ` in ${columns.map(([name]) => name).join(', ')}`;
  return [`the ${was.rows} rows of ${was.table} hold something else${where}`];
}

type Definitions = Readonly<Record<string, string>>;

function definitionProblems(what: string, was: Definitions, is: Definitions): readonly string[] {
  const missing = Object.keys(was).filter((name) => !Object.hasOwn(is, name));
  const added = Object.keys(is).filter((name) => !Object.hasOwn(was, name));
  const changed = Object.keys(was).filter((name) => Object.hasOwn(is, name) && is[name] !== was[name]);
  return [
    ...missing.map((name) => `${what} ${name} is missing: ${was[name] ?? ''}`),
    ...added.map((name) => `${what} ${name} was not there before: ${is[name] ?? ''}`),
    ...changed.map((name) => `${what} ${name} is ${is[name] ?? ''}, and was ${was[name] ?? ''}`),
  ];
}

/** A sequence that is behind gives the next order the number of one that is there, or of one that was lost and is known outside. */
function sequenceProblems(was: DatabaseContentData, is: DatabaseContentData): readonly string[] {
  const missing = Object.keys(was.sequences).filter((name) => !Object.hasOwn(is.sequences, name));
  const behind = Object.entries(is.largest_keys).filter(([name, key]) => (is.sequences[name] ?? 0) < key);
  return [
    ...missing.map((name) => `sequence ${name} is missing`),
    ...behind.map(
      ([name, key]) => `sequence ${name} stands at ${is.sequences[name] ?? 0}, behind the largest key ${key}`,
    ),
  ];
}

/** How the server marks an index that no query may use. */
const BROKEN = / (?:INVALID|NOT READY)/g;

function withoutMarks(definitions: Definitions): Definitions {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, text]) => [name, text.replaceAll(BROKEN, '')]),
  );
}

/** An index that is broken and was not: one that is built anew from a dump may well be better than before. */
function indexProblems(was: Definitions, is: Definitions): readonly string[] {
  const broken = Object.entries(is)
    .filter(([name, text]) => text.search(BROKEN) !== -1 && (was[name] ?? '').search(BROKEN) === -1)
    .map(([name]) => `index ${name} is not valid, so that no query uses it`);
  return [...definitionProblems('index', withoutMarks(was), withoutMarks(is)), ...broken];
}

function problemsOf({ before, after }: Pair): readonly string[] {
  const was = before.data;
  const is = after.data;
  const known = new Set(was.tables.map(({ table }) => table));
  return [
    ...was.tables.flatMap((table) =>
      tableProblem(
        table,
        is.tables.find((one) => one.table === table.table),
      ),
    ),
    ...is.tables
      .filter(({ table }) => !known.has(table))
      .map(({ table }) => `table ${table} was not there before`),
    ...sequenceProblems(was, is),
    ...definitionProblems('column', was.columns, is.columns),
    ...definitionProblems('constraint', was.constraints, is.constraints),
    ...indexProblems(was.indexes, is.indexes),
  ];
}

/** Tables, rows and what they hold, sequences, constraints and indexes are as before, up to the recorded positions. */
export const databaseSame = rule(
  'database-same',
  'the database holds what it held, with the same constraints and indexes',
  (facts) => {
    const found = pairs(facts);
    const problems = found.flatMap((pair) => problemsOf(pair).map((one) => `${pair.database}: ${one}`));
    const tables = found.flatMap(({ after }) => after.data.tables);
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    const up_to = found.flatMap(({ before }) => Object.entries(before.data.up_to));
    return {
      outcome: problems.length === 0 ? 'pass' : 'fail',
      reason:
        problems.length === 0
          ? `${rows} rows of ${tables.length} tables hold the same, sequences are ahead of their keys, constraints and indexes are there`
          : someOf(problems),
      limit: '0 differences',
      measured: `${problems.length} differences in ${tables.length} tables with ${rows} rows`,
      derivation:
        up_to.length === 0
          ? 'whole tables'
          : `tables that grow are compared up to a row that was there before: ${up_to.map(([table, row]) => `${table} to ${row}`).join(', ')}`,
      evidence: found.flatMap(({ before, after }) => [before.seq, after.seq]),
      items: problems,
    };
  },
);
