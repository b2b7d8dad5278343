/** A workload for a database of which nobody said what its application asks. */
import type { ClientBase } from 'pg';
import { seededRandom } from '#harness/core/random.ts';
import { UnfitError } from '#harness/core/errors.ts';
import { openSession, type Session } from '../guard/apply-session.ts';
import type { Address } from '../server/types.ts';
import { nameOf } from '../server/address.ts';
import { describeTables, type DerivedTable } from './derive-tables.ts';
import { derivedStatements } from './derive-text.ts';
import { drawerOf } from './draw.ts';
import { readSqlRelease } from './read-sql.ts';
import { refusedNow } from './sql-carrier.ts';
import type { SqlRelease, WorkloadStatement } from './types.ts';

/** As it is called in facts. */
export const DERIVED = 'derived';

/** More would be prepared on each connection than is ever sent in a short run. */
const TABLES_MAX = 8;
const TRIALS = 3;
/** Share of the time that the one connection that writes is to be busy. */
const BUSY = 0.5;
/** Less often hardly anything would be sent in a short run. */
const RATE_MIN_PER_S = 10;

/** A statement that could not be derived for a table: what it was tried with was refused. */
export interface LeftOutStatement {
  readonly name: string;
  readonly message: string;
}

export interface DerivedRelease {
  readonly release: SqlRelease;
  readonly left_out: readonly LeftOutStatement[];
}

/** The tables asked for, and else the largest ones. */
async function chosenTables(client: ClientBase, wanted: readonly string[]): Promise<readonly DerivedTable[]> {
  const asked = await describeTables(client, wanted);
  return (asked.length > 0 ? asked : await describeTables(client)).slice(0, TABLES_MAX);
}

/** A statement as it was tried with a few values, and taken back each time. */
interface Tried {
  readonly statement: WorkloadStatement;
  /** Why the database refuses it. */
  readonly message?: string;
  /** The shortest time that it took, in ms. */
  readonly duration_ms: number;
}

async function tried({ client }: Session, statement: WorkloadStatement): Promise<Tried> {
  const drawing = { client, side: 'old', seed: 1, random: seededRandom(1) } as const;
  const draw = await drawerOf(statement.parameters, drawing);
  let duration_ms = Infinity;
  for (let trial = 0; trial < TRIALS; trial += 1) {
    const begun_ms = performance.now();
    const failure = await refusedNow(client, {
      statement: { ...statement, is_prepared: false },
      place: 0,
      draw,
    });
    if (failure) return { statement, message: failure.message, duration_ms: 0 };
    duration_ms = Math.min(duration_ms, performance.now() - begun_ms);
  }
  return { statement, duration_ms };
}

/** What one connection that writes can do without falling behind: triggers may do a hundred times as much as the statement. */
function rateOf(accepted: readonly Tried[], total: number): number {
  const busy_ms = accepted.reduce(
    (sum, { statement, duration_ms }) =>
      statement.reads_only ? sum : sum + (statement.weight / total) * duration_ms,
    0,
  );
  return Math.max(RATE_MIN_PER_S, Math.floor((BUSY * 1_000) / busy_ms));
}

/** The words of a workload, as a person would write it to begin with. */
async function derivedText({ client, address }: Session, tables: readonly string[]): Promise<string> {
  const statements = (await chosenTables(client, tables)).flatMap(derivedStatements);
  if (statements.length > 0) return statements.map(({ text }) => text).join('\n');
  throw new UnfitError(`no workload can be derived for ${nameOf(address)}: it has no table`, {
    next: 'Give the statements of a release.',
  });
}

/** Names, as `schema.table`, of the tables for which a workload would be derived. */
export async function derivedTables(address: Address, tables: readonly string[]): Promise<readonly string[]> {
  await using session = await openSession(address, 'mettle derive');
  return (await chosenTables(session.client, tables)).map(({ schema, name }) => `${schema}.${name}`);
}

/**
 * Derives a workload from the schema and from the values that are there, so that what a migration does to those who work
 * is measured even where nobody wrote down what they do. What the database refuses already is left out.
 * @param tables `schema.table` of those that matter; the largest of the database where none of them is there
 * @throws UnfitError when there is no table
 */
export async function deriveRelease(
  address: Address,
  tables: readonly string[] = [],
): Promise<DerivedRelease> {
  await using session = await openSession(address, 'mettle derive');
  const all = await readSqlRelease(DERIVED, await derivedText(session, tables));
  const accepted: Tried[] = [];
  const left_out: LeftOutStatement[] = [];
  for (const statement of all.statements) {
    const one = await tried(session, statement);
    if (one.message === undefined) accepted.push(one);
    else left_out.push({ name: statement.name, message: one.message });
  }
  const total = accepted.reduce((sum, { statement }) => sum + statement.weight, 0);
  return {
    release: {
      ...all,
      // Several would stand in each other's way where triggers keep sums in one row, and wait for each other, not for the migration.
      writers: 1,
      rate_max_per_s: rateOf(accepted, total),
      statements: accepted.map(({ statement }) => ({ ...statement, weight: statement.weight / total })),
    },
    left_out,
  };
}
