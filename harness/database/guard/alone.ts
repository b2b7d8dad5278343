/** Runs a migration while nothing else does, and measures what each of its statements cost. */

import { UnfitError } from '#harness/core/errors.ts';
import type { AloneFacts, StatementCost } from '#harness/core/guard/facts.ts';
import type { Migration, SqlStatement } from '../migrations/types.ts';
import type { LastingClient } from '../server/lasting.ts';
import type { Address } from '../server/types.ts';
import { builtBetween, type Relations, relationsOf, rewrittenBetween } from './alone-catalogue.ts';
import { type Held, HeldMeanwhile, heldBy } from './alone-locks.ts';
import { applyFile, endsOwnTransaction } from './apply.ts';
import { applySettings, lastingSession, openSession, type Session } from './apply-session.ts';
import { type Meters, metersOf } from './meters.ts';
import { residueOf } from './residue.ts';
import { type Schema, schemaOf } from './round-trip/schema.ts';

export interface AloneOptions {
  /** A database of its own, which nobody else uses. */
  readonly address: Address;
  readonly migration: Pick<Migration, 'up' | 'in_transaction'>;
  /** Settings of the migration's session, as the tool sets them: `lock_timeout`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** What was there before, for whoever has a copy to ask: it is asked where it is refused alone. Asked beforehand when absent. */
  readonly schemaBefore?: () => Promise<Schema>;
  readonly signal?: AbortSignal;
}

/** These change no table, and some of them must come before anything that asks in their transaction. */
function isSetting({ kind, transaction_control }: SqlStatement): boolean {
  return transaction_control || kind === 'VariableSetStmt';
}

const UNTOLD: Held = new Map();

/** Measures around each statement of a migration. */
class Costs {
  readonly statements: StatementCost[] = [];
  readonly #migrating: Session;
  readonly #observer: Session;
  readonly #first: Relations;
  #relations: Relations;
  #meters: Meters = { wal_bytes: 0, disk_bytes: 0 };
  #meanwhile: HeldMeanwhile | undefined;

  constructor(migrating: Session, observer: Session, relations: Relations) {
    this.#migrating = migrating;
    this.#observer = observer;
    this.#first = relations;
    this.#relations = relations;
  }

  async before(statement: SqlStatement): Promise<void> {
    this.#meters = await metersOf(this.#observer);
    if (endsOwnTransaction(statement) && this.#migrating.client.getTransactionStatus() === 'I') {
      this.#meanwhile = new HeldMeanwhile(this.#observer, this.#migrating.pid);
    }
  }

  async after(statement: SqlStatement, duration_ms: number): Promise<void> {
    const is_sampled = this.#meanwhile !== undefined;
    const held = await this.stopLooking();
    const now = await metersOf(this.#observer);
    const before = this.#relations;
    if (!isSetting(statement)) this.#relations = await relationsOf(this.#migrating.client);
    const built = builtBetween(before, this.#relations, this.#first);
    this.statements.push({
      index: statement.index,
      duration_ms,
      wal_bytes: now.wal_bytes - this.#meters.wal_bytes,
      disk_bytes: now.disk_bytes - this.#meters.disk_bytes,
      rewritten: rewrittenBetween(before, this.#relations, this.#first),
      indexes_built: built.indexes,
      indexed: built.tables,
      locks: this.#named(held),
      ...(is_sampled ? { locks_sampled: true } : {}),
    });
  }

  async stopLooking(): Promise<Held> {
    const meanwhile = this.#meanwhile;
    this.#meanwhile = undefined;
    if (meanwhile) return await meanwhile.stop();
    return this.#migrating.client.getTransactionStatus() === 'T'
      ? await heldBy(this.#observer, this.#migrating.pid)
      : UNTOLD;
  }

  /** Locks on tables and the like that were there before the migration, by name. */
  #named(held: Held): Readonly<Record<string, string>> {
    return Object.fromEntries(
      [...held].flatMap(([oid, mode]) => {
        const relation = this.#first.get(oid);
        return relation && relation.table === undefined ? [[relation.name, mode]] : [];
      }),
    );
  }
}

async function noted(asking: LastingClient): Promise<() => Promise<Schema>> {
  const schema = await schemaOf(await asking.get());
  return () => Promise.resolve(schema);
}

/**
 * Runs a migration on a database where nothing else runs. Locks are those that its session has when a statement is done, so
 * in a transaction also those of the statements before.
 * @throws UnfitError when the database lets nobody in, or ends the connection of the migration
 */
export async function applyAlone({
  address,
  migration,
  settings,
  schemaBefore,
  signal,
}: AloneOptions): Promise<AloneFacts> {
  await using observer = await openSession(address, 'mettle observer');
  await using asking = lastingSession(address, 'mettle structure');
  const before = schemaBefore ?? (await noted(asking));
  await using migrating = await openSession(address, 'mettle migration');
  const costs = new Costs(migrating, observer, await relationsOf(migrating.client));
  await applySettings(migrating, settings);
  const applied = await applyFile(migrating, migration.up, {
    in_transaction: migration.in_transaction,
    holds_each: true,
    before: (statement) => costs.before(statement),
    after: (statement, duration_ms) => costs.after(statement, duration_ms),
    ...(signal === undefined ? {} : { signal }),
  });
  await costs.stopLooking();
  if (applied.outcome === 'lost') {
    throw new UnfitError(`the connection of the migration broke off: ${applied.message}`);
  }
  const { outcome, duration_ms } = applied;
  const { statements } = costs;
  if (outcome === 'applied') return { outcome, duration_ms, statements, residue: [] };
  const residue = residueOf(await before(), await schemaOf(await asking.get()));
  return {
    outcome,
    duration_ms,
    statements,
    refusal: applied.refusal,
    residue,
  };
}
