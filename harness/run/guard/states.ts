import { UnfitError } from '#harness/core/errors.ts';
import type { DataFacts } from '#harness/core/guard/facts.ts';
import type { Refusal } from '#harness/core/guard/load-facts.ts';
import type { Progress } from '#harness/core/progress.ts';
import { identifier } from '#harness/database/ask.ts';
import { measureTables } from '#harness/database/data/facts.ts';
import { generateRows } from '#harness/database/data/generate/generate.ts';
import { RowsNotMade } from '#harness/database/data/generate/rows-not-made.ts';
import type { Migration } from '#harness/database/migrations/types.ts';
import { openClient } from '#harness/database/server/client.ts';
import type { Address, ScratchDatabase, ScratchServer } from '#harness/database/server/types.ts';
import { applyUnjudged, applyWhole } from './ground.ts';
import type { GuardRequest } from './request.ts';
import type { Begun } from './trial.ts';

/** Share of the rows that were asked for: a table with fewer has none but those that a migration put there itself. */
const FEW = 0.1;

/** SQLSTATE classes of what a server refuses because of the rows that it finds: data exceptions, violated constraints. */
const OF_ROWS = /^2[23]/;

/** Empties tables, and those whose rows refer to theirs. */
async function emptyTables(address: Address, tables: readonly string[]): Promise<readonly string[]> {
  if (tables.length === 0) return [];
  await using client = await openClient(address);
  const before = await measureTables(client);
  await client.query(`TRUNCATE ${tables.map(quotedName).join(', ')} CASCADE`);
  const now = new Set((await measureTables(client)).filter(({ rows }) => rows > 0).map(({ table }) => table));
  return before.filter(({ table, rows }) => rows > 0 && !now.has(table)).map(({ table }) => table);
}

/** As `measureTables` names it: the schema before the first dot. */
function quotedName(table: string): string {
  const at = table.indexOf('.');
  return `${identifier(table.slice(0, at))}.${identifier(table.slice(at + 1))}`;
}

/**
 * Frees what copies of rows left in the server's own tables: nothing else does, and hundreds of migrations would make each
 * look at them, and each copy of the database, slower than the one before.
 */
async function freeCatalogue(address: Address): Promise<void> {
  await using client = await openClient(address);
  const { rows } = await client.query<{ name: string }>(CATALOGUE);
  await client.query(`VACUUM ${rows.map(({ name }) => name).join(', ')}`);
}

/** The schema is there already. */
const asItIs = (): Promise<void> => Promise.resolve();

/** Tables of the server that are of this database alone. */
const CATALOGUE = `SELECT c.oid::regclass::text AS name FROM pg_class AS c
WHERE c.relkind = 'r' AND c.relnamespace = 'pg_catalog'::regnamespace AND NOT c.relisshared`;

/** The states of a database between the migrations of a history. Disposing it gives the last one back. */
export class States implements AsyncDisposable {
  readonly #server: ScratchServer;
  readonly #request: GuardRequest;
  /** Tables for which no rows can be made. */
  readonly #barren = new Set<string>();
  #current: ScratchDatabase;
  #tables: DataFacts['tables'] | undefined;

  constructor(server: ScratchServer, first: ScratchDatabase, request: GuardRequest) {
    this.#server = server;
    this.#current = first;
    this.#request = request;
  }

  get current(): ScratchDatabase {
    return this.#current;
  }

  /** Undefined for the first one: it is told by the data itself. */
  get tables(): DataFacts['tables'] | undefined {
    return this.#tables;
  }

  /** Runs a migration that nobody judges. */
  async pass({ up, in_transaction }: Migration): Promise<Pick<Begun, 'after' | 'refusal'>> {
    await using undo = new AsyncDisposableStack();
    const database = undo.use(await this.#server.create({ template: this.#current }));
    const applied = await applyUnjudged(database.address, up, in_transaction);
    if (applied.outcome !== 'applied') {
      return { after: undefined, refusal: applied.outcome === 'refused' ? applied.refusal : undefined };
    }
    undo.move();
    return { after: database, refusal: undefined };
  }

  /**
   * The state after a migration that the rows stood in the way of, where they are made up: it is run once more, with the tables
   * emptied that it names, or else all. Undefined where the rows are somebody's, or it is refused all the same.
   */
  async past(
    { up, in_transaction, name }: Migration,
    { code }: Refusal,
  ): Promise<{ readonly after: ScratchDatabase; readonly emptied: readonly string[] } | undefined> {
    if (this.#request.data.source !== 'generated' || !OF_ROWS.test(code)) return undefined;
    const named = new Set(up.statements.flatMap(({ relations }) => relations));
    const full = (await this.#measured()).filter(({ rows }) => rows > 0).map(({ table }) => table);
    for (const tables of [full.filter((table) => named.has(table)), full]) {
      await using undo = new AsyncDisposableStack();
      const database = undo.use(await this.#server.create({ template: this.#current }));
      const emptied = await emptyTables(database.address, tables);
      try {
        await applyWhole(database.address, up, in_transaction, name);
      } catch (error) {
        if (!(error instanceof UnfitError)) throw error;
        continue;
      }
      undo.move();
      return { after: database, emptied };
    }
    return undefined;
  }

  /**
   * Makes the state after a migration the one before the next; tables that are new get rows, where rows are made up.
   * @param unused comes when nobody needs the former state any more
   */
  async goOn(
    after: ScratchDatabase,
    doing: { readonly signal: AbortSignal; readonly progress: Progress },
    unused: Promise<unknown>,
  ): Promise<void> {
    const former = this.#current;
    this.#current = after;
    try {
      await this.#prepare(doing);
    } finally {
      await unused.catch(() => undefined);
      await former[Symbol.asyncDispose]();
    }
  }

  async #prepare(doing: { readonly signal: AbortSignal; readonly progress: Progress }): Promise<void> {
    await freeCatalogue(this.#current.address);
    this.#tables = await this.#measured();
    const { data } = this.#request;
    if (data.source !== 'generated') return;
    const few = data.rows * FEW;
    const empty = this.#tables.filter(({ table, rows }) => rows < few && !this.#barren.has(table));
    if (empty.length === 0) return;
    await this.#fill(
      empty.map(({ table }) => table),
      doing,
    );
  }

  async #fill(
    tables: readonly string[],
    doing: { readonly signal: AbortSignal; readonly progress: Progress },
  ): Promise<void> {
    for (let left = tables; left.length > 0; left = left.filter((table) => !this.#barren.has(table))) {
      await using undo = new AsyncDisposableStack();
      const filled = undo.use(await this.#server.create({ template: this.#current }));
      const refused = await this.#rowsFor(left, filled, doing);
      if (refused !== undefined) {
        // They stay empty, and every check that rests on their rows says so.
        for (const table of refused) this.#barren.add(table);
        continue;
      }
      const former = this.#current;
      this.#current = filled;
      undo.move();
      await former[Symbol.asyncDispose]();
      this.#tables = await this.#measured();
      return;
    }
  }

  /** Those for which no rows can be made, where there are any: the database is to be thrown away then. */
  async #rowsFor(
    tables: readonly string[],
    { address }: ScratchDatabase,
    doing: { readonly signal: AbortSignal; readonly progress: Progress },
  ): Promise<readonly string[] | undefined> {
    const { data, seed } = this.#request;
    if (data.source !== 'generated') return undefined;
    const { rows } = data;
    const untouched = [...this.#barren];
    try {
      await generateRows(
        this.#server,
        address,
        { source: 'generated', seed, rows, tables, untouched, makeSchema: asItIs },
        doing,
      );
      return undefined;
    } catch (error) {
      if (!(error instanceof UnfitError)) throw error;
      // It may be one that refers to those that were asked for.
      return error instanceof RowsNotMade && !untouched.includes(error.table) ? [error.table] : tables;
    }
  }

  async #measured(): Promise<DataFacts['tables']> {
    await using client = await openClient(this.#current.address);
    return await measureTables(client);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#current[Symbol.asyncDispose]();
  }
}
