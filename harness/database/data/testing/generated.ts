import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import { messageOf, UnfitError, UsageError } from '#harness/core/errors.ts';
import { openClient } from '../../server/client.ts';
import { startSmallServer } from '../../testing/small-server.ts';
import type { Address, ScratchDatabase, ScratchServer } from '../../server/types.ts';
import { fillDatabase, type FilledDatabase } from '../fill.ts';
import type { DataShape } from '../shape.ts';

export interface Wanted {
  readonly rows?: number;
  readonly tables?: readonly string[];
  readonly seed?: number;
  readonly shape?: DataShape;
  readonly on?: ScratchServer;
}

/** Generates rows for schemas, on a server that the tests of a file share. */
export interface Generator {
  readonly server: () => ScratchServer;
  readonly generated: (schema: string, wanted?: Wanted) => Promise<FilledDatabase>;
  /** The error by which it must be refused. */
  readonly refused: (schema: string, wanted?: Wanted) => Promise<UnfitError | UsageError>;
}

export function useGenerator(): Generator {
  // On a machine that does other things too.
  vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
  const { signal } = new AbortController();
  let server: ScratchServer;
  let made = new AsyncDisposableStack();
  beforeAll(async () => {
    server = await startSmallServer();
  });
  afterEach(async () => {
    await made.disposeAsync();
    made = new AsyncDisposableStack();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });
  const generated = async (schema: string, wanted: Wanted = {}): Promise<FilledDatabase> => {
    const { rows = 1000, seed = 1, on = server, ...others } = wanted;
    const makeSchema = async (address: Address): Promise<void> => {
      await using client = await openClient(address);
      await client.query(schema);
    };
    const filled = await fillDatabase(
      on,
      { source: 'generated', rows, seed, makeSchema, ...others },
      { signal },
    );
    if (on === server) made.use(filled.template);
    return filled;
  };
  const refused = async (schema: string, wanted: Wanted = {}): Promise<UnfitError | UsageError> => {
    const thrown: unknown = await generated(schema, wanted).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (thrown instanceof UnfitError || thrown instanceof UsageError) return thrown;
    throw new Error(`it was not refused: ${messageOf(thrown)}`);
  };
  return { server: () => server, generated, refused };
}

/** The first row that a query finds. */
export async function ask(
  { address }: ScratchDatabase,
  query: string,
): Promise<Record<string, unknown> | undefined> {
  await using client = await openClient(address);
  const { rows } = await client.query<Record<string, unknown>>(query);
  return rows[0];
}
