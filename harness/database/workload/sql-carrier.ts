/** Connections that send the statements of a release. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client, QueryConfig } from 'pg';
import { messageOf } from '#harness/core/errors.ts';
import { answerOf, withoutValues } from '../guard/apply-refusal.ts';
import { openSession } from '../guard/apply-session.ts';
import type { Address } from '../server/types.ts';
import type { Drawer, Value } from './draw.ts';
import type { Carrier, Work } from './lane.ts';
import type { Failure } from './stretch.ts';
import type { WorkloadStatement, WorkloadStep } from './types.ts';

/** A statement of the release, ready to be sent. */
export interface SqlItem {
  readonly statement: WorkloadStatement;
  /** Place in the release. */
  readonly place: number;
  readonly draw: Drawer;
}

const CONTROL = /^(?:begin|start|commit|end|rollback|abort)\b/i;
const RECONNECT_MS = 100;
/** SQLSTATE of what would write in a transaction that may only read. */
const READ_ONLY_TRANSACTION = '25006';
/** SQLSTATE of `deadlock detected`; its detail names processes and relations, and no values. */
const DEADLOCK = '40P01';
/** SQLSTATE of `cached plan must not change result type`, among others: the columns are not those that were prepared. */
const NOT_SUPPORTED = '0A000';

/** Values are not looked at: reading them would only cost the generator time. */
const AS_THEY_COME = { getTypeParser: () => (value: string) => value };

/** Why a statement got no good answer. */
export function failureOf(thrown: unknown): Failure {
  const answer = answerOf(thrown);
  if (answer) {
    const { code, detail } = answer;
    const told = code === DEADLOCK && detail !== undefined ? { detail } : {};
    return { code, message: withoutValues(answer), ...told };
  }
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'connection';
  return { code, message: messageOf(thrown) };
}

function queryOf(
  { text, parameters }: WorkloadStep,
  name: string | undefined,
  values: Readonly<Record<string, Value>>,
): QueryConfig & { rowMode: 'array' } {
  return {
    text,
    rowMode: 'array',
    types: AS_THEY_COME,
    ...(name === undefined ? {} : { name }),
    ...(parameters.length === 0 ? {} : { values: parameters.map((parameter) => values[parameter] ?? null) }),
  };
}

interface Sending {
  /** Within a transaction of the caller's: those of the statement itself are left out. */
  readonly is_trial?: boolean;
  /** How many times the connection has prepared its statements anew. */
  readonly generation?: number;
}

async function send(
  client: Client,
  item: SqlItem,
  { is_trial = false, generation = 0 }: Sending = {},
): Promise<void> {
  const { statement, place, draw } = item;
  const values = draw();
  for (const [index, step] of statement.steps.entries()) {
    const is_control = CONTROL.test(step.text);
    if (is_control && is_trial) continue;
    const name = statement.is_prepared && !is_control ? `mettle_${place}_${index}_${generation}` : undefined;
    await client.query(queryOf(step, name, values));
  }
}

/** Runs a statement and takes it back. */
async function tryOut(client: Client, item: SqlItem, begin: string): Promise<void> {
  await client.query(begin);
  try {
    await send(client, item, { is_trial: true });
  } finally {
    await client.query('ROLLBACK');
  }
}

/** Whether the server runs a statement where nothing may be written; what it refuses anyway counts as its text says. */
export async function onlyReads(client: Client, item: SqlItem): Promise<boolean> {
  if (!item.statement.reads_only) return false;
  return await tryOut(client, item, 'BEGIN READ ONLY').then(
    () => true,
    (error: unknown) => answerOf(error)?.code !== READ_ONLY_TRANSACTION,
  );
}

/** Why the database refuses a statement; undefined when it takes it. Nothing stays of it. */
export async function refusedNow(client: Client, item: SqlItem): Promise<Failure | undefined> {
  return await tryOut(client, item, 'BEGIN').then(() => undefined, failureOf);
}

/** One connection, made anew when it breaks. */
export class SqlCarrier implements Carrier {
  readonly #address: Address;
  readonly #application_name: string;
  readonly #items: ReadonlyMap<number, SqlItem>;
  #client: Client | undefined;
  #generation = 0;
  #closed = false;

  constructor(address: Address, application_name: string, items: readonly SqlItem[]) {
    this.#address = address;
    this.#application_name = application_name;
    this.#items = new Map(items.map((item) => [item.place, item]));
  }

  /** Connects, and has the server prepare what it will be asked: what the old release prepared stays across a migration. */
  async open(): Promise<void> {
    const { client } = await openSession(this.#address, this.#application_name);
    this.#client = client;
    // What is refused now will be refused and counted when it is sent.
    for (const item of this.#items.values()) await refusedNow(client, item);
  }

  async carry({ item: place, done }: Work): Promise<void> {
    const client = this.#client;
    const item = this.#items.get(place);
    if (client === undefined || item === undefined) {
      done({ code: 'connection', message: 'the connection is closed' });
      return;
    }
    try {
      await send(client, item, { generation: this.#generation });
      done(undefined);
    } catch (error) {
      done(failureOf(error));
      await this.#recover(client, error);
    }
  }

  /** After an error the connection is fit again: out of the failed transaction, or a new one. */
  async #recover(client: Client, thrown: unknown): Promise<void> {
    const answer = answerOf(thrown);
    // As drivers do that notice it (pgx, for example): one failure, and the next time it is prepared anew.
    if (answer?.code === NOT_SUPPORTED) this.#generation += 1;
    if (answer?.severity === 'ERROR') {
      if (client.getTransactionStatus() !== 'I') await client.query('ROLLBACK').catch(() => undefined);
      return;
    }
    await client.end().catch(() => undefined);
    while (!this.#closed) {
      const session = await openSession(this.#address, this.#application_name).catch(() => undefined);
      // It may have been closed meanwhile; its thread goes on to other work.
      if (this.#closed) await session?.[Symbol.asyncDispose]();
      else this.#client = session?.client;
      if (session) return;
      await delay(RECONNECT_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#client?.end().catch(() => undefined);
  }
}
