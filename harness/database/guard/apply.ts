/** Runs the file of a migration as its tool does: statement by statement, in the tool's manner of transactions. */
import type { Refusal } from '#harness/core/guard/load-facts.ts';
import { messageOf, UsageError } from '#harness/core/errors.ts';
import type { SqlFile, SqlStatement } from '../migrations/types.ts';
import { answerOf, refusalOf } from './apply-refusal.ts';
import { openSession, type Session } from './apply-session.ts';

export interface ApplyOptions {
  /** As its `Migration` says: the tool makes one transaction of the file. */
  readonly in_transaction: boolean;
  /**
   * Runs each statement that would stand outside a transaction in one of its own, so that `after` is called before its locks
   * are given up. The server does the same to such a statement, except to one that refuses it, and to a procedure, which may
   * end transactions itself.
   */
  readonly holds_each?: boolean;
  /** Called before each statement, once the one before has been answered. */
  readonly before?: (statement: SqlStatement) => void | Promise<void>;
  /** Called once a statement was done, within its transaction; also for the `BEGIN` and `COMMIT` that the file has. */
  readonly after?: (statement: SqlStatement, duration_ms: number) => void | Promise<void>;
  /** Cancels the statement that runs, rolls back, and makes `applyFile` throw the signal's reason. */
  readonly signal?: AbortSignal;
}

type Ending =
  | { readonly outcome: 'refused'; readonly refusal: Refusal }
  /** The connection ended before the server answered to a statement: nobody was told whether it was done. */
  | { readonly outcome: 'lost'; readonly index: number; readonly message: string };

/** How the run of a file ended; its time is what the statements and the commit took, without what the hooks took. */
export type Applied = ({ readonly outcome: 'applied' } | Ending) & { readonly duration_ms: number };

/** Severities with which the server ends the session. */
const ENDS_SESSION: ReadonlySet<string> = new Set(['FATAL', 'PANIC']);

function endingOf(thrown: unknown, index: number): Ending {
  const answer = answerOf(thrown);
  return answer === undefined || ENDS_SESSION.has(answer.severity)
    ? { outcome: 'lost', index, message: messageOf(thrown) }
    : { outcome: 'refused', refusal: refusalOf(index, answer) };
}

/** Cancels what the session runs when the signal comes. Disposing it waits until no such request is under way. */
function cancelOnAbort({ address, pid }: Session, signal: AbortSignal | undefined): AsyncDisposable {
  let cancelled = Promise.resolve();
  const cancel = async (): Promise<void> => {
    await using other = await openSession(address, 'mettle cancel');
    await other.client.query('SELECT pg_cancel_backend($1)', [pid]);
  };
  const onAbort = (): void => {
    // Without an answer the statement runs to its end, and the signal is seen then.
    cancelled = cancel().catch(() => undefined);
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  return {
    async [Symbol.asyncDispose]() {
      signal?.removeEventListener('abort', onAbort);
      await cancelled;
    },
  };
}

/** Outside of a transaction its locks are gone once it has answered: no transaction may be begun around it to keep them. */
export function endsOwnTransaction({ needs_no_transaction, kind }: SqlStatement): boolean {
  return needs_no_transaction || kind === 'CallStmt';
}

/**
 * The whole file runs in one transaction where its tool does so. What the server makes of it is what the tool would see: a
 * `BEGIN` within it is only warned of, a `COMMIT` ends it for all that follows, and a statement that must stand outside is
 * refused. An adapter whose tool leaves the transaction for such a file says so by `in_transaction`. After a refusal the open
 * transaction is rolled back.
 *
 * What the file sets for its session stays set, so a session is used for one file.
 * @throws UsageError when the file begins a transaction that it never ends
 */
export async function applyFile(session: Session, file: SqlFile, options: ApplyOptions): Promise<Applied> {
  const { client } = session;
  const { signal } = options;
  const is_wrapped = options.in_transaction;
  let duration_ms = 0;

  await using _cancelling = cancelOnAbort(session, signal);
  const rollback = async (): Promise<void> => {
    if (client.getTransactionStatus() !== 'I') await client.query('ROLLBACK').catch(() => undefined);
  };
  /** Without values a text is sent as it stands, so every kind of statement is allowed. */
  const send = async (text: string, index: number): Promise<Ending | number> => {
    signal?.throwIfAborted();
    const from = performance.now();
    const ending = await client.query(text).then(
      () => undefined,
      (error: unknown) => endingOf(error, index),
    );
    const took_ms = performance.now() - from;
    duration_ms += took_ms;
    signal?.throwIfAborted();
    return ending ?? took_ms;
  };
  const isHeld = (statement: SqlStatement): boolean =>
    options.holds_each === true &&
    !endsOwnTransaction(statement) &&
    !statement.transaction_control &&
    client.getTransactionStatus() === 'I';
  const sendAll = async (): Promise<Ending | undefined> => {
    const begun = is_wrapped ? await send('BEGIN', 0) : 0;
    if (typeof begun !== 'number') return begun;
    for (const statement of file.statements) {
      await options.before?.(statement);
      const is_held = isHeld(statement);
      const opened = is_held ? await send('BEGIN', statement.index) : 0;
      if (typeof opened !== 'number') return opened;
      const done = await send(statement.text, statement.index);
      if (typeof done !== 'number') return done;
      await options.after?.(statement, done);
      const closed = is_held ? await send('COMMIT', statement.index) : 0;
      if (typeof closed !== 'number') return closed;
    }
    const committed = is_wrapped ? await send('COMMIT', file.statements.length - 1) : 0;
    return typeof committed === 'number' ? undefined : committed;
  };

  try {
    const ending = await sendAll();
    if (ending === undefined && client.getTransactionStatus() !== 'I') throw neverEnded(file);
    return { ...(ending ?? { outcome: 'applied' }), duration_ms };
  } finally {
    await rollback();
  }
}

function neverEnded(file: SqlFile): UsageError {
  const begin = file.statements.findLast(({ transaction_control }) => transaction_control);
  return new UsageError('the file begins a transaction that it never ends: nothing of it would stay', {
    ...(begin === undefined ? {} : { position: begin.position }),
    next: 'Add COMMIT at its end.',
  });
}
