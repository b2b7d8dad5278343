import { basename } from 'node:path';
import { UsageError } from '#harness/core/errors.ts';
import type { DataFacts } from '#harness/core/guard/facts.ts';
import type { Progress } from '#harness/core/progress.ts';
import { endOn, openClient } from '../server/client.ts';
import { lackOf } from '../server/refusals.ts';
import type { ScratchDatabase, ScratchServer } from '../server/types.ts';
import { type Dump, readDump } from './dump/kind.ts';
import { type DumpScript, openDump, restorePrograms } from './dump/open.ts';
import { restoreScript } from './dump/restore.ts';
import { measureTables } from './facts.ts';
import { generateRows } from './generate/generate.ts';
import { livePrograms, openLive, readLive } from './live.ts';
import type { DataRequest } from './request.ts';
import { refuseFullDisk } from './space.ts';

const PER_MAJOR = 10_000;
/** A database takes more room than its rows in a plain dump (indexes), and far more than a packed one. */
const UNPACKED = { plain: 2, archive: 8 } as const;

export interface FillOptions {
  readonly signal: AbortSignal;
  readonly progress?: Progress | undefined;
}

/** A database with rows, as copies of which migrations are tried; nobody is connected to it. */
export interface FilledDatabase {
  readonly template: ScratchDatabase;
  readonly facts: DataFacts;
}

/**
 * Brings data into a new database of a server. Where it comes from is read and never written.
 * @throws UsageError for data that cannot be used; UnfitError when machine or server lack something for it; the signal's
 *   reason when it is called off, as soon as that
 */
export async function fillDatabase(
  server: ScratchServer,
  request: DataRequest,
  options: FillOptions,
): Promise<FilledDatabase> {
  const prepare = await preparation(server, request, options);
  await using undo = new AsyncDisposableStack();
  const template = undo.use(await server.create());
  try {
    await prepare.bring(template);
    options.progress?.('counting rows');
    const facts: DataFacts = { ...prepare.facts, tables: await settle(template, options.signal) };
    undo.move();
    return { template, facts };
  } catch (error) {
    // Connections that were cut off say so, and not why.
    throw options.signal.aborted ? options.signal.reason : error;
  }
}

/**
 * Version of the server that the data comes from, `15.14`, for the choice of the one that it is tried on.
 * @returns undefined where there is none or it does not say
 */
export async function sourceVersion(request: DataRequest): Promise<string | undefined> {
  if (request.source === 'dump') return (await readDump(request.path)).server_version;
  if (request.source !== 'live') return undefined;
  const { version_num } = await readLive(request.address);
  return `${Math.floor(version_num / PER_MAJOR)}.${version_num % PER_MAJOR}`;
}

interface Preparation {
  readonly facts: Omit<DataFacts, 'tables'>;
  readonly bring: (into: ScratchDatabase) => Promise<void>;
}

/** Everything that can be refused is refused here, before a database is made. */
async function preparation(
  server: ScratchServer,
  request: DataRequest,
  options: FillOptions,
): Promise<Preparation> {
  const { progress, signal } = options;
  switch (request.source) {
    case 'empty':
      return {
        facts: { source: 'empty', from: 'nothing' },
        bring: async ({ address }) => await request.makeSchema?.(address),
      };
    case 'generated':
      return {
        facts: { source: 'generated', from: 'the schema', seed: request.seed },
        bring: async ({ address }) => {
          await request.makeSchema(address);
          await generateRows(server, address, request, options);
        },
      };
    case 'dump': {
      const dump = await readDump(request.path);
      refuseNewer(dump, server);
      await refuseFullDisk(server, dump.bytes * UNPACKED[dump.kind], `the dump ${dump.path}`);
      if (dump.kind === 'archive') await restorePrograms(dump);
      return {
        facts: { source: 'dump', from: basename(dump.path) },
        bring: async (into) => {
          progress?.(`restoring ${basename(dump.path)}`);
          await restore(into, await openDump(dump), dump.path, signal);
          await request.makeSchema?.(into.address);
        },
      };
    }
    case 'live': {
      const live = await readLive(request.address);
      refuseNewerServer(live.name, live.version_num, server);
      await refuseFullDisk(server, live.bytes, `a copy of ${live.name}`);
      await livePrograms(live);
      return {
        facts: { source: 'live', from: live.name },
        bring: async (into) => {
          progress?.(`copying ${live.name}`);
          await restore(into, await openLive(request.address, live, request.schemas), live.name, signal);
          await request.makeSchema?.(into.address);
        },
      };
    }
  }
}

async function restore(
  into: ScratchDatabase,
  opened: DumpScript,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  await using script = opened;
  await using client = await openClient(into.address);
  using _ = endOn(client, signal);
  using _program = endScriptOn(script, signal);
  await restoreScript(client, script.chunks, { file, signal });
}

/** Whoever reads a program that waits for its server waits with it, and hears of nothing else. */
function endScriptOn(script: DumpScript, signal: AbortSignal): Disposable {
  const end = (): void => void script[Symbol.asyncDispose]();
  if (signal.aborted) end();
  signal.addEventListener('abort', end);
  return {
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', end);
    },
  };
}

function refuseNewer({ path, server_version }: Dump, server: ScratchServer): void {
  if (server_version === undefined) return;
  const major = Number.parseInt(server_version, 10);
  refuseNewerServer(`the dump ${path}`, major * PER_MAJOR, server, server_version);
}

function refuseNewerServer(what: string, version_num: number, server: ScratchServer, version?: string): void {
  const major = Math.floor(version_num / PER_MAJOR);
  if (major <= Math.floor(server.version_num / PER_MAJOR)) return;
  throw new UsageError(
    `${what} is of PostgreSQL ${version ?? major}, newer than the server that it would be tried on (${server.version})`,
    { next: `Choose PostgreSQL ${major} or newer for the trial.` },
  );
}

/** What a server does for a database that has stood for a while: statistics, and rows known to be visible to all. */
async function settle({ address }: ScratchDatabase, signal: AbortSignal): Promise<DataFacts['tables']> {
  await using client = await openClient(address);
  using _ = endOn(client, signal);
  try {
    await client.query('VACUUM (ANALYZE)');
    return await measureTables(client);
  } catch (error) {
    throw lackOf(error, 'the data') ?? error;
  }
}
