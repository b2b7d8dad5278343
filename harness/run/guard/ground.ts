/** The server that migrations are tried on, and the rows that they find there. */
import { stat } from 'node:fs/promises';
import { UnfitError, UsageError } from '#harness/core/errors.ts';
import type { DataFacts } from '#harness/core/guard/facts.ts';
import type { Progress } from '#harness/core/progress.ts';
import { describeLive, type LiveShape } from '#harness/database/data/live-shape.ts';
import { fillDatabase, type FilledDatabase, sourceVersion } from '#harness/database/data/fill.ts';
import { readDump } from '#harness/database/data/dump/kind.ts';
import { openDump } from '#harness/database/data/dump/open.ts';
import { restoreScript } from '#harness/database/data/dump/restore.ts';
import type { DataRequest, MakeSchema } from '#harness/database/data/request.ts';
import { type Applied, applyFile } from '#harness/database/guard/apply.ts';
import { openSession } from '#harness/database/guard/apply-session.ts';
import { createHistorySql } from '#harness/database/migrations/state.ts';
import type { MigrationSet, SqlFile } from '#harness/database/migrations/types.ts';
import { nameOf } from '#harness/database/server/address.ts';
import { openClient } from '#harness/database/server/client.ts';
import { lacksExtension, missingExtension } from '#harness/database/server/refusals.ts';
import { startServer } from '#harness/database/server/start.ts';
import { availableVersions } from '#harness/database/server/versions.ts';
import type { Address, ScratchServer, StartInCluster } from '#harness/database/server/types.ts';
import type { GuardRequest } from './request.ts';

/** Of all tables together, of up to 1 KiB each. */
const SMALL_ROWS = 200_000;
/** Where it is packed, some ten times as much comes of it. */
const SMALL_DUMP_BYTES = 8 * 1024 ** 2;

interface Doing {
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** The request as the data parts of the harness take it; the schema is made by what stands before the judged migrations. */
function dataRequest(request: GuardRequest): DataRequest {
  const { data, seed } = request;
  switch (data.source) {
    case 'generated':
      return { source: 'generated', seed, rows: data.rows, makeSchema: makeSchema(request, true) };
    case 'empty':
      return { source: 'empty', makeSchema: makeSchema(request, true) };
    case 'dump':
      return { source: 'dump', path: data.path, makeSchema: makeSchema(request, false) };
    case 'live':
      return { ...data, makeSchema: makeSchema(request, false) };
  }
}

/** Tables that the judged migrations name and that are there before them: these get the rows that were asked for. */
async function tablesThere(server: ScratchServer, request: GuardRequest): Promise<readonly string[]> {
  const named = new Set(
    request.judged.flatMap(({ up }) => up.statements.flatMap(({ relations }) => relations)),
  );
  await using probe = await server.create();
  await makeSchema(request, true)(probe.address);
  await using session = await openSession(probe.address, 'mettle schema');
  const { rows } = await session.client.query<{ name: string }>(TABLES);
  return rows.map(({ name }) => name).filter((name) => named.has(name));
}

/** Ordinary and partitioned tables, `schema.table`. */
const TABLES = String.raw`
SELECT n.nspname || '.' || c.relname AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'`;

function makeSchema({ schema, earlier, set }: GuardRequest, from_nothing: boolean): MakeSchema {
  return async (address) => {
    if (schema !== undefined) await applySchema(address, schema);
    if (!from_nothing) return;
    await createHistory(address, set);
    for (const one of earlier) await applyWhole(address, one.up, one.in_transaction, one.name);
  };
}

/** People make it with pg_dump: it may have commands of psql, and name roles that are not there. */
async function applySchema(address: Address, path: string): Promise<void> {
  await using script = await openDump(await readDump(path));
  await using client = await openClient(address);
  await restoreScript(client, script.chunks, { file: path, called: 'the schema' });
}

/** Makes the tool's own table, which some migrations count on. */
async function createHistory(address: Address, set: MigrationSet): Promise<void> {
  const sql = createHistorySql(set);
  if (sql === undefined) return;
  await using session = await openSession(address, 'mettle schema');
  await session.client.query(sql);
}

/** Runs a file that nobody judges. */
export async function applyUnjudged(
  address: Address,
  file: SqlFile,
  in_transaction: boolean,
): Promise<Applied> {
  await using session = await openSession(address, 'mettle schema');
  const own = file.statements.some((one) => one.needs_no_transaction || one.transaction_control);
  return await applyFile(session, file, { in_transaction: in_transaction && !own });
}

/** @throws UnfitError when the server refuses a statement of it */
export async function applyWhole(
  address: Address,
  file: SqlFile,
  in_transaction: boolean,
  name: string,
): Promise<void> {
  const applied = await applyUnjudged(address, file, in_transaction);
  if (applied.outcome === 'applied') return;
  const extension = applied.outcome === 'refused' ? missingExtension(applied.refusal) : undefined;
  const why =
    applied.outcome === 'lost' ? applied.message : `${applied.refusal.code} ${applied.refusal.message}`;
  const index = applied.outcome === 'lost' ? applied.index : applied.refusal.index;
  const at = file.statements.find((one) => one.index === index)?.position;
  const place = at === undefined ? file.path : `${at.file}:${at.line}:${at.column}`;
  if (extension !== undefined) throw lacksExtension(`${place}: ${name}`, extension);
  throw new UnfitError(`${place}: ${name} cannot be run before what is to be judged: ${why}`, {
    next: 'give the schema of before with --schema, or choose with --from',
  });
}

/** The version that was asked for, else that of the data, or the nearest newer one that is here. */
async function versionFor(request: GuardRequest): Promise<string | undefined> {
  if (request.postgres !== undefined) return request.postgres;
  const source = await sourceVersion(dataRequest(request));
  if (source === undefined) return undefined;
  const wanted = Number.parseInt(source, 10);
  if (request.engine !== 'embedded') return String(wanted);
  const majors = (await availableVersions()).map(({ version }) => Number.parseInt(version, 10));
  const nearest = majors.filter((major) => major >= wanted).toSorted((left, right) => left - right)[0];
  return nearest === undefined ? undefined : String(nearest);
}

/** Whether few rows are to be expected. What a live database or a dump in a folder holds is not known beforehand. */
async function isSmall({ data, earlier, judged }: GuardRequest): Promise<boolean> {
  switch (data.source) {
    case 'empty':
      return true;
    case 'generated':
      // Most migrations bring one table at most.
      return data.rows * (earlier.length + judged.length) <= SMALL_ROWS;
    case 'dump': {
      // What is wrong with it is told by whoever reads it.
      const found = await stat(data.path).catch(() => undefined);
      return found !== undefined && found.isFile() && found.size <= SMALL_DUMP_BYTES;
    }
    case 'live':
      return false;
  }
}

/**
 * Starts one in a cluster. It has one version: data of a newer one may hold what that does not know, and a verdict on it would not
 * be about the server that the data comes from.
 * @throws UnfitError for data of a newer version, unless the version was asked for by name
 */
async function openInCluster(
  request: GuardRequest,
  cluster: string,
  doing: Doing,
  start: StartInCluster | undefined,
): Promise<ScratchServer> {
  if (start === undefined) {
    throw new UsageError('this program can start no server in a cluster', {
      next: 'Leave --engine out here, or use mettle itself.',
    });
  }
  const { postgres: version } = request;
  const source = version === undefined ? await sourceVersion(dataRequest(request)) : undefined;
  const server = await start({ cluster, version, ...doing });
  if (source === undefined || Number.parseInt(source, 10) <= Number.parseInt(server.version, 10))
    return server;
  await server[Symbol.asyncDispose]();
  throw new UnfitError(
    `the data is of PostgreSQL ${source}, and cluster ${cluster} has PostgreSQL ${server.version}`,
    { next: `Choose --engine embedded; or try it on that all the same: --postgres ${server.version}` },
  );
}

/** Starts the server. @throws UsageError for a version that is not here; UnfitError when it does not start */
export async function openServer(
  request: GuardRequest,
  { signal, progress }: Doing,
  startInCluster?: StartInCluster,
): Promise<ScratchServer> {
  if (typeof request.engine === 'object') {
    return await openInCluster(request, request.engine.cluster, { signal, progress }, startInCluster);
  }
  const version = await versionFor(request);
  return await startServer({
    engine: request.engine,
    small: await isSmall(request),
    foreign_clients: [request.old, request.next].some((release) => release && release.kind !== 'sql'),
    signal,
    progress,
    ...(version === undefined ? {} : { version }),
  });
}

/** What the statistics of another database say, where the rows are to be like its own. */
async function likeness(
  { data }: GuardRequest,
  { progress, signal }: Doing,
): Promise<(LiveShape & { readonly from: string }) | undefined> {
  if (data.source !== 'generated' || data.like === undefined) return undefined;
  const name = nameOf(data.like);
  progress(`reading the statistics of ${name}`);
  return { ...(await describeLive(data.like, signal)), from: `the schema and the statistics of ${name}` };
}

/** Brings the rows. */
export async function bringData(
  server: ScratchServer,
  request: GuardRequest,
  doing: Doing,
): Promise<FilledDatabase> {
  const like = await likeness(request, doing);
  const asked = dataRequest(request);
  const tables = asked.source === 'generated' ? await tablesThere(server, request) : [];
  const filled = await fillDatabase(
    server,
    asked.source === 'generated'
      ? { ...asked, ...(tables.length > 0 ? { tables } : {}), ...(like ? { shape: like.shape } : {}) }
      : asked,
    doing,
  );
  // What somebody said goes before what a server estimates.
  const real_rows = like || request.real_rows ? { ...like?.real_rows, ...request.real_rows } : undefined;
  const facts: DataFacts = {
    ...filled.facts,
    ...(like ? { from: like.from } : {}),
    ...(real_rows === undefined ? {} : { real_rows }),
  };
  return { template: filled.template, facts };
}
