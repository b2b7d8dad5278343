/** Kills a migration half-way, looks at what is left, and runs it again. */
import { setTimeout as delay } from 'node:timers/promises';
import type { KillFacts } from '#harness/core/guard/facts.ts';
import type { Refusal } from '#harness/core/guard/load-facts.ts';
import { UnfitError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import type { Migration, SqlStatement } from '../migrations/types.ts';
import type { Address, ScratchDatabase, ScratchServer } from '../server/types.ts';
import { type Applied, applyFile } from './apply.ts';
import { applySettings, openSession, type Session } from './apply-session.ts';
import { type Hold, holdTables } from './kill/hold.ts';
import { type KillPoint, killPoints } from './kill/points.ts';
import {
  type Origin,
  originOf,
  type State,
  stateDifferences,
  stateOf,
  unsteadyColumns,
} from './kill/state.ts';
import { type KillWay, strike, waitUntilGone, waitUntilHeld } from './kill/strike.ts';
import { residueOf } from './residue.ts';

export interface KillOptions {
  /** It crashes: nothing else may use it meanwhile. */
  readonly server: ScratchServer;
  /** State before the migration; nobody is connected to it. */
  readonly template: ScratchDatabase;
  readonly migration: Pick<Migration, 'up' | 'in_transaction'>;
  readonly ways?: readonly KillWay[];
  /** Most hits in each way. */
  readonly points?: number;
  /** Settings of the migration's session, as the tool sets them. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

const WAYS: readonly KillWay[] = ['client', 'connection', 'server'];
const POINTS = 3;
/** A statement that the server does not give up runs to its end: as long as an index takes. */
const GONE_S = 300;

/** Runs that nobody killed, and what each state is held against. */
interface Reference {
  readonly origin: Origin;
  readonly before: State;
  readonly after: State;
  readonly durations_ms: readonly number[];
  /** Columns that are others in every run: known once somebody had to ask. */
  unsteady?: ReadonlySet<string>;
}

async function look(address: Address, origin: Origin): Promise<State> {
  await using session = await openSession(address, 'mettle structure');
  return await stateOf(session.client, origin);
}

async function runWhole(
  { migration, settings, signal }: KillOptions,
  address: Address,
  durations_ms: number[] = [],
): Promise<Applied> {
  await using session = await openSession(address, 'mettle migration');
  await applySettings(session, settings);
  return await applyFile(session, migration.up, {
    in_transaction: migration.in_transaction,
    after: (_, duration_ms) => void durations_ms.push(duration_ms),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function runUndisturbed(options: KillOptions): Promise<Reference | undefined> {
  await using copy = await options.server.create({ template: options.template });
  const { address } = copy;
  const { origin, before } = await (async () => {
    await using session = await openSession(address, 'mettle structure');
    const found = await originOf(session.client);
    return { origin: found, before: await stateOf(session.client, found) };
  })();
  const durations_ms: number[] = [];
  const applied = await runWhole(options, address, durations_ms);
  if (applied.outcome === 'refused') return undefined;
  if (applied.outcome === 'lost') {
    throw new UnfitError(`the connection of the migration broke off: ${applied.message}`);
  }
  return { origin, before, after: await look(address, origin), durations_ms };
}

/** A run, and the moment at which it was struck. */
class Attempt implements AsyncDisposable {
  readonly #options: KillOptions;
  readonly #way: KillWay;
  readonly #point: KillPoint;
  readonly #session: Session;
  #hold: Hold | undefined;
  #begun_ms = 0;
  #struck_ms: number | undefined;
  #ended = false;
  #striking: Promise<void> | undefined;

  constructor(options: KillOptions, way: KillWay, point: KillPoint, session: Session) {
    this.#options = options;
    this.#way = way;
    this.#point = point;
    this.#session = session;
  }

  async #strike(): Promise<void> {
    if (this.#ended) return;
    this.#struck_ms = performance.now() - this.#begun_ms;
    await strike(this.#way, this.#session, this.#options.server);
  }

  async #strikeAmid(): Promise<void> {
    if (this.#hold === undefined) await delay(this.#point.delay_ms);
    else if (!(await waitUntilHeld(this.#hold.session, this.#session.pid, () => this.#ended))) return;
    await this.#strike();
  }

  async #before(statement: SqlStatement): Promise<void> {
    const { at } = this.#point;
    if (statement.index !== this.#point.statement) return;
    if (at === 'held') this.#hold = await holdTables(this.#session.address, statement);
    this.#begun_ms = performance.now();
    if (at === 'before') await this.#strike();
    if (at === 'amid' || at === 'held') this.#striking = this.#strikeAmid();
  }

  /** That it was struck at all; it may have been over when it was. */
  get is_struck(): boolean {
    return this.#struck_ms !== undefined;
  }

  /** @returns whether it was killed before it had ended, and how long its statement had run then */
  async run(): Promise<Pick<KillFacts, 'after_ms' | 'too_late'>> {
    const { migration } = this.#options;
    const run = applyFile(this.#session, migration.up, {
      in_transaction: migration.in_transaction,
      before: (statement) => this.#before(statement),
      after: async (statement) => {
        if (statement.index === this.#point.statement && this.#point.at === 'after') await this.#strike();
      },
    });
    let applied: Applied | undefined;
    try {
      applied = await run;
    } catch (error) {
      if (this.#struck_ms === undefined) throw error;
    }
    this.#ended = true;
    await this.#striking;
    return {
      after_ms: this.#struck_ms ?? performance.now() - this.#begun_ms,
      too_late: this.#struck_ms === undefined || (applied !== undefined && applied.outcome !== 'lost'),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#striking;
    await this.#hold?.[Symbol.asyncDispose]();
    await this.#session[Symbol.asyncDispose]();
  }
}

async function runUntil(
  options: KillOptions,
  address: Address,
  way: KillWay,
  point: KillPoint,
): Promise<Pick<KillFacts, 'after_ms' | 'too_late'>> {
  const session = await openSession(address, 'mettle migration');
  const { struck, is_struck } = await (async () => {
    await using attempt = new Attempt(options, way, point, session);
    await applySettings(session, options.settings);
    return { struck: await attempt.run(), is_struck: attempt.is_struck };
  })();
  if (way !== 'server') await waitUntilGone(address, session.pid, GONE_S);
  else if (is_struck) await options.server.recover();
  return struck;
}

/** What differs from a run that nobody killed; columns that every run fills anew do not count. */
async function differencesFrom(
  options: KillOptions,
  reference: Reference,
  state: State,
): Promise<readonly string[]> {
  const differences = stateDifferences(reference.after, state, reference.unsteady);
  if (differences.length === 0 || reference.unsteady !== undefined) return differences;
  await using copy = await options.server.create({ template: options.template });
  await runWhole(options, copy.address);
  reference.unsteady = unsteadyColumns(reference.after, await look(copy.address, reference.origin));
  return stateDifferences(reference.after, state, reference.unsteady);
}

async function killAt(
  options: KillOptions,
  reference: Reference,
  way: KillWay,
  point: KillPoint,
): Promise<KillFacts> {
  const { origin, before, after } = reference;
  await using copy = await options.server.create({ template: options.template });
  const { address } = copy;
  const struck = await runUntil(options, address, way, point);
  const found = await look(address, origin);
  const facts = { how: way, statement: point.statement, ...struck };
  const left = await differencesFrom(options, reference, found);
  if (left.length === 0) {
    return {
      ...facts,
      state: 'as after',
      residue: [],
      again: 'not needed',
      same_after_again: true,
      differences: [],
    };
  }
  const state = stateDifferences(before, found).length === 0 ? 'as before' : 'in between';
  const residue = residueOf(before.schema, found.schema, after.schema);
  const again = await runWhole(options, address);
  const differences = await differencesFrom(options, reference, await look(address, origin));
  const refusal: Refusal | undefined = again.outcome === 'refused' ? again.refusal : undefined;
  if (again.outcome === 'lost')
    throw new UnfitError(`the connection of the second run broke off: ${again.message}`);
  return {
    ...facts,
    state,
    residue,
    again: again.outcome,
    ...(refusal === undefined ? {} : { again_refusal: refusal }),
    same_after_again: differences.length === 0,
    differences,
  };
}

/**
 * Each kill has a copy of its own. What is there afterwards is held against the state before and against that after a run
 * which nobody killed, by schema and by hashes of all rows that were written. Empty when the migration is refused anyway.
 * @throws UnfitError when the server cannot be used any more, DeadlineError when it does not give a session up
 */
export async function killMigration(options: KillOptions): Promise<readonly KillFacts[]> {
  const { migration, ways = WAYS, points = POINTS, signal, progress } = options;
  progress?.('a run that nobody kills');
  const whole = await runUndisturbed(options);
  if (whole === undefined) return [];
  const { statements } = migration.up;
  const places = killPoints({
    statements,
    durations_ms: whole.durations_ms,
    is_wrapped: migration.in_transaction,
  });
  const found: KillFacts[] = [];
  for (const way of ways) {
    let hit = 0;
    for (const point of places) {
      if (hit === points) break;
      signal?.throwIfAborted();
      progress?.(`killed by ${way} at statement ${point.statement + 1}`);
      const facts = await killAt(options, whole, way, point);
      found.push(facts);
      // One that came too late proves nothing: the next place takes its turn.
      if (!facts.too_late) hit += 1;
    }
  }
  return found;
}
