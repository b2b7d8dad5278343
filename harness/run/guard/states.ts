import { UnfitError } from '#harness/core/errors.ts';
import type { DataFacts } from '#harness/core/guard/facts.ts';
import type { Progress } from '#harness/core/progress.ts';
import { measureTables } from '#harness/database/data/facts.ts';
import { generateRows } from '#harness/database/data/generate/generate.ts';
import { openClient } from '#harness/database/server/client.ts';
import type { ScratchDatabase, ScratchServer } from '#harness/database/server/types.ts';
import type { GuardRequest } from './request.ts';

/** Share of the rows that were asked for: a table with fewer has none but those that a migration put there itself. */
const FEW = 0.1;

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

  /** Makes the state after a migration the one before the next; tables that are new get rows, where rows are made up. */
  async goOn(
    after: ScratchDatabase,
    doing: { readonly signal: AbortSignal; readonly progress: Progress },
  ): Promise<void> {
    const former = this.#current;
    this.#current = after;
    await former[Symbol.asyncDispose]();
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
    const { data, seed } = this.#request;
    if (data.source !== 'generated') return;
    await using undo = new AsyncDisposableStack();
    const filled = undo.use(await this.#server.create({ template: this.#current }));
    try {
      await generateRows(
        this.#server,
        filled.address,
        { source: 'generated', seed, rows: data.rows, tables, makeSchema: () => Promise.resolve() },
        doing,
      );
    } catch (error) {
      if (!(error instanceof UnfitError)) throw error;
      // They stay empty, and every check that rests on their rows says so.
      for (const table of tables) this.#barren.add(table);
      return;
    }
    const former = this.#current;
    this.#current = filled;
    undo.move();
    await former[Symbol.asyncDispose]();
    this.#tables = await this.#measured();
  }

  async #measured(): Promise<DataFacts['tables']> {
    await using client = await openClient(this.#current.address);
    return await measureTables(client);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#current[Symbol.asyncDispose]();
  }
}
