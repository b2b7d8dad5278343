/** Runs a migration, its way back, and it again, with writes of the new release in between, and compares what is there. */

import { UnfitError } from '#harness/core/errors.ts';
import type { ColumnFate, ContentFacts } from '#harness/core/guard/content-facts.ts';
import type { RoundTripFacts, TripFacts } from '#harness/core/guard/facts.ts';
import type { Refusal } from '#harness/core/guard/load-facts.ts';
import type { Progress } from '#harness/core/progress.ts';
import type { Migration, SqlFile } from '../migrations/types.ts';
import type { LastingClient } from '../server/lasting.ts';
import type { Address } from '../server/types.ts';
import { applyFile } from './apply.ts';
import { applySettings, lastingSession, openSession } from './apply-session.ts';
import { onlyDiffering } from './content/brief.ts';
import type { Reach } from './content/reach.ts';
import type { WrittenRows } from './content/written.ts';
import { type ContentSnapshot, takeSnapshot } from './content.ts';
import { withoutMadeAnew } from './round-trip/made-by-up.ts';
import { type Schema, schemaDifferences, schemaOf } from './round-trip/schema.ts';
import { type SequenceStands, sequenceStands, sequencesBehind } from './round-trip/sequences.ts';

export interface RoundTripOptions {
  /** A copy of the data, which nobody else uses; it is another one afterwards. */
  readonly address: Address;
  readonly migration: Pick<Migration, 'up' | 'down' | 'in_transaction'>;
  /** Texts of all that will be run, the writes among them; the rows of all tables are kept when absent (`takeSnapshot`). */
  readonly reach?: Reach;
  /** Lets the new release write, between up and down. It has ended its transactions when the promise comes. */
  readonly write?: (address: Address, signal: AbortSignal | undefined) => Promise<void>;
  /** Settings of the migration's session, as the tool sets them. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

/** A state of the database that a later one is held against. */
interface State {
  readonly schema: Schema;
  readonly sequences: SequenceStands;
  readonly rows: ContentSnapshot;
}

/** Rows written in between, and their values. */
interface Writes {
  readonly written: WrittenRows;
  readonly rows: ContentSnapshot;
}

const NOTHING: ContentFacts = { tables: [] };

async function structureOf(structure: LastingClient): Promise<Pick<State, 'schema' | 'sequences'>> {
  const client = await structure.get();
  return { schema: await schemaOf(client), sequences: await sequenceStands(client) };
}

/** Both at once: copies of rows are not seen by whoever reads the catalogue meanwhile. */
async function stateOf(
  { address, reach }: RoundTripOptions,
  structure: LastingClient,
  undo: AsyncDisposableStack,
): Promise<State> {
  const [told, rows] = await Promise.allSettled([structureOf(structure), takeSnapshot(address, reach)]);
  if (rows.status === 'fulfilled') undo.use(rows.value);
  if (rows.status === 'rejected') throw rows.reason;
  if (told.status === 'rejected') throw told.reason;
  return { ...told.value, rows: rows.value };
}

async function run(
  { address, settings, signal }: RoundTripOptions,
  file: SqlFile,
  in_transaction: boolean,
): Promise<Refusal | undefined> {
  await using session = await openSession(address, 'mettle migration');
  await applySettings(session, settings);
  const applied = await applyFile(session, file, {
    in_transaction,
    ...(signal === undefined ? {} : { signal }),
  });
  if (applied.outcome === 'lost') {
    throw new UnfitError(`the connection of the migration broke off: ${applied.message}`);
  }
  return applied.outcome === 'refused' ? applied.refusal : undefined;
}

/** @param made_since state before the up, where it is the up that was run a second time */
async function compare(
  structure: LastingClient,
  wanted: State,
  writes: Writes | undefined,
  { refusal, made_since }: { readonly refusal?: Refusal | undefined; readonly made_since?: Schema },
): Promise<TripFacts> {
  const { schema, sequences } = await structureOf(structure);
  const lines = [
    ...schemaDifferences(wanted.schema, schema),
    ...sequencesBehind(wanted.sequences, sequences),
  ];
  const found = { ...(refusal === undefined ? {} : { refusal }), schema: lines };
  const steady = (data: ContentFacts): ContentFacts =>
    onlyDiffering(made_since === undefined ? data : withoutMadeAnew(data, made_since));
  if (writes === undefined) return { ...found, data: steady(await wanted.rows.compare()), written_lost: 0 };
  const { written } = writes;
  const others = await wanted.rows.compareOnly({ written, side: 'others' });
  const again = made_since !== undefined;
  const own = await writes.rows.compareOnly({ written, side: 'written', forgives_new: again });
  const lost = again ? 0 : await leftOutOfCopies(writes.rows, own.facts);
  return {
    ...found,
    data: steady(others.facts),
    written_lost: own.rows_harmed + lost,
    written: onlyDiffering(own.facts),
  };
}

function isGone({ now, filled }: ColumnFate): boolean {
  return now === undefined && filled > 0;
}

/**
 * A column that the way back drops takes its values with it, unless another one of before is to hold them: then those that it
 * does not hold were forgotten, which happens to rows that were not there yet when the migration was tried by hand.
 */
async function leftOutOfCopies(rows: ContentSnapshot, own: ContentFacts): Promise<number> {
  if (!own.tables.some(({ now, columns }) => now !== undefined && columns.some(isGone))) return 0;
  const { tables } = await rows.compare();
  return tables
    .flatMap(({ now, columns }) => (now === undefined ? [] : columns.filter(isGone)))
    .filter(({ lost, filled }) => lost < filled)
    .reduce((sum, { lost }) => sum + lost, 0);
}

async function writeBetween(
  { address, write, signal, reach }: RoundTripOptions,
  first: State,
  undo: AsyncDisposableStack,
): Promise<Writes | undefined> {
  if (write === undefined) return undefined;
  await write(address, signal);
  const written = await first.rows.written();
  return written.tables.length === 0
    ? undefined
    : { written, rows: undo.use(await takeSnapshot(address, reach)) };
}

function missing(why: string): RoundTripFacts {
  return { missing: why, up_down: undefined, up_down_up: undefined, written_between: 0 };
}

/**
 * The schema after up and down must be that of before, and after another up that of after the first one; so must the rows,
 * apart from those that were written in between, which must be there still. A sequence may be ahead, not behind.
 * @throws UnfitError when the database ends the connection; RowsNotKept where `reach` was too narrow
 */
export async function roundTrip(options: RoundTripOptions): Promise<RoundTripFacts> {
  const { migration, progress } = options;
  const { up, down, in_transaction } = migration;
  if (down === undefined || down.statements.length === 0) return missing('there is no down');
  await using undo = new AsyncDisposableStack();
  const structure = undo.use(lastingSession(options.address, 'mettle structure'));
  progress?.('keeping the rows');
  const before = await stateOf(options, structure, undo);
  progress?.('up');
  const refused = await run(options, up, in_transaction);
  if (refused !== undefined) return missing(`the up was refused: ${refused.message}`);
  const first = await stateOf(options, structure, undo);
  progress?.('writing as the new release');
  const writes = await writeBetween(options, first, undo);
  const written_between = writes?.written.rows ?? 0;
  progress?.('down');
  const refusal = await run(options, down, down.in_transaction);
  const up_down = await compare(structure, before, writes, { refusal });
  if (up_down.refusal !== undefined) return { up_down, up_down_up: undefined, written_between };
  progress?.('up again');
  const again = await run(options, up, in_transaction);
  const up_down_up =
    again === undefined
      ? await compare(structure, first, writes, { made_since: before.schema })
      : { refusal: again, schema: [], data: NOTHING, written_lost: 0 };
  return { up_down, up_down_up, written_between };
}
