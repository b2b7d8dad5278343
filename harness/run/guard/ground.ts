/** The server that migrations are tried on, and the rows that they find there. */
import { UnfitError } from '#harness/core/errors.ts';
import type { DataFacts } from '#harness/core/guard/facts.ts';
import type { Progress } from '#harness/core/progress.ts';
import { fillDatabase, type FilledDatabase, sourceVersion } from '#harness/database/data/fill.ts';
import type { DataRequest, MakeSchema } from '#harness/database/data/request.ts';
import { applyFile } from '#harness/database/guard/apply.ts';
import { openSession } from '#harness/database/guard/apply-session.ts';
import { readSqlFile } from '#harness/database/migrations/adapter.ts';
import { createHistorySql } from '#harness/database/migrations/state.ts';
import type { MigrationSet, SqlFile } from '#harness/database/migrations/types.ts';
import { startServer } from '#harness/database/server/start.ts';
import { availableVersions } from '#harness/database/server/versions.ts';
import type { Address, ScratchServer } from '#harness/database/server/types.ts';
import type { GuardRequest } from './request.ts';

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
      return { source: 'live', address: data.address, makeSchema: makeSchema(request, false) };
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
    if (schema !== undefined) await applyWhole(address, await readSqlFile(schema), true, 'the schema');
    if (!from_nothing) return;
    await createHistory(address, set);
    for (const one of earlier) await applyWhole(address, one.up, one.in_transaction, one.name);
  };
}

/** Makes the tool's own table, which some migrations count on. */
async function createHistory(address: Address, set: MigrationSet): Promise<void> {
  const sql = createHistorySql(set);
  if (sql === undefined) return;
  await using session = await openSession(address, 'mettle schema');
  await session.client.query(sql);
}

/** @throws UnfitError when the server refuses a statement of it */
export async function applyWhole(
  address: Address,
  file: SqlFile,
  in_transaction: boolean,
  name: string,
): Promise<void> {
  await using session = await openSession(address, 'mettle schema');
  const own = file.statements.some((one) => one.needs_no_transaction || one.transaction_control);
  const applied = await applyFile(session, file, { in_transaction: in_transaction && !own });
  if (applied.outcome === 'applied') return;
  const why =
    applied.outcome === 'lost' ? applied.message : `${applied.refusal.code} ${applied.refusal.message}`;
  const index = applied.outcome === 'lost' ? applied.index : applied.refusal.index;
  const at = file.statements.find((one) => one.index === index)?.position;
  const place = at === undefined ? file.path : `${at.file}:${at.line}:${at.column}`;
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

/** Starts the server. @throws UsageError for a version that is not here; UnfitError when it does not start */
export async function openServer(request: GuardRequest, { signal, progress }: Doing): Promise<ScratchServer> {
  const version = await versionFor(request);
  return await startServer({
    engine: request.engine,
    signal,
    progress,
    ...(version === undefined ? {} : { version }),
  });
}

/** Brings the rows. */
export async function bringData(
  server: ScratchServer,
  request: GuardRequest,
  doing: Doing,
): Promise<FilledDatabase> {
  const asked = dataRequest(request);
  const tables = asked.source === 'generated' ? await tablesThere(server, request) : [];
  const filled = await fillDatabase(
    server,
    asked.source === 'generated' && tables.length > 0 ? { ...asked, tables } : asked,
    doing,
  );
  const facts: DataFacts = {
    ...filled.facts,
    ...(request.real_rows === undefined ? {} : { real_rows: request.real_rows }),
  };
  return { template: filled.template, facts };
}
