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
  readonly draw: Drawer;
}

const CONTROL = /^(?:begin|start|commit|end|rollback|abort)\b/i;
const RECONNECT_MS = 100;
/** The server writes in a transaction that may only read. */
const READ_ONLY_TRANSACTION = '25006';

/** Values are not looked at: reading them would only cost the generator time. */
const AS_THEY_COME = { getTypeParser: () => (value: string) => value };

export function failureOf(thrown: unknown): Failure {
  const answer = answerOf(thrown);
  if (answer) return { code: answer.code, message: withoutValues(answer) };
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

/** One connection, made anew when it breaks. */
export class SqlCarrier implements Carrier {
  readonly #address: Address;
  readonly #application_name: string;
  readonly #items: readonly SqlItem[];
  #client: Client | undefined;
  #closed = false;

  constructor(address: Address, application_name: string, items: readonly SqlItem[]) {
    this.#address = address;
    this.#application_name = application_name;
    this.#items = items;
  }

  /** Connects, and has the server prepare what it will be asked: what the old release prepared stays across a migration. */
  async open(items: readonly number[]): Promise<void> {
    this.#client = (await openSession(this.#address, this.#application_name)).client;
    for (const item of items) {
      // What is refused now will be refused and counted when it is sent.
      await this.#client.query('BEGIN');
      await this.#send(this.#client, item, true).catch(() => undefined);
      await this.#client.query('ROLLBACK');
    }
  }

  /** Whether the server runs a statement in a transaction that may only read; undefined where it refuses it anyway. */
  async reads(item: number): Promise<boolean | undefined> {
    const client = this.#client;
    if (client === undefined) return undefined;
    await client.query('BEGIN READ ONLY');
    try {
      await this.#send(client, item, true);
      return true;
    } catch (error) {
      return answerOf(error)?.code === READ_ONLY_TRANSACTION ? false : undefined;
    } finally {
      await client.query('ROLLBACK');
    }
  }

  async carry({ item, done }: Work): Promise<void> {
    const client = this.#client;
    if (client === undefined) {
      done({ code: 'connection', message: 'the connection is closed' });
      return;
    }
    try {
      await this.#send(client, item, false);
      done(undefined);
    } catch (error) {
      done(failureOf(error));
      await this.#recover(client, error);
    }
  }

  async #send(client: Client, item: number, is_trial: boolean): Promise<void> {
    const { statement, draw } = this.#items[item] ?? {};
    if (statement === undefined || draw === undefined) return;
    const values = draw();
    for (const [index, step] of statement.steps.entries()) {
      const is_control = CONTROL.test(step.text);
      if (is_control && is_trial) continue;
      const name = statement.is_prepared && !is_control ? `mettle_${item}_${index}` : undefined;
      await client.query(queryOf(step, name, values));
    }
  }

  /** After an error the connection is fit again: out of the failed transaction, or a new one. */
  async #recover(client: Client, thrown: unknown): Promise<void> {
    if (answerOf(thrown)?.severity === 'ERROR') {
      if (client.getTransactionStatus() !== 'I') await client.query('ROLLBACK').catch(() => undefined);
      return;
    }
    await client.end().catch(() => undefined);
    while (!this.#closed) {
      const session = await openSession(this.#address, this.#application_name).catch(() => undefined);
      this.#client = session?.client;
      if (session) return;
      await delay(RECONNECT_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#client?.end().catch(() => undefined);
  }
}
