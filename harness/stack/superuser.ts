/** PostgreSQL's superuser, who has no way in by network: psql within a server's pod, by its socket. */
import { UnfitError } from '#harness/core/errors.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import type { PodCommandResult } from '#harness/kube/exec.ts';
import { DATABASE_POD, PSQL_FLAGS } from './postgres.ts';

const PSQL = [
  'psql',
  '--host=/run/postgresql',
  '--username=postgres',
  '--dbname=shop',
  ...PSQL_FLAGS,
] as const;
const TIMEOUT_S = 15;

interface ServerContext {
  readonly kube: Pick<KubeClient, 'exec'>;
}

/** Which server is asked; the cluster's own database unless said otherwise. */
export interface AskedServer {
  /** Its pod, in the database's namespace. */
  readonly pod?: string;
  /** What an error calls it. */
  readonly called?: string;
  /** Upper bound for all statements together, in seconds; 15 when absent. */
  readonly timeout_s?: number;
}

/** Statements as the superuser. Errors are in the result. */
export async function trySql(
  { kube }: ServerContext,
  sql: string,
  { pod = DATABASE_POD.name, timeout_s = TIMEOUT_S }: AskedServer = {},
): Promise<PodCommandResult> {
  return await kube.exec({ namespace: DATABASE_POD.namespace, pod, command: PSQL, input: sql, timeout_s });
}

/**
 * What statements as the superuser print: a line for each row, columns separated by `|`.
 * @throws UnfitError when one of them fails
 */
export async function runSql(ctx: ServerContext, sql: string, server: AskedServer = {}): Promise<string> {
  const { exit_code, stdout, stderr } = await trySql(ctx, sql, server);
  if (exit_code === 0) return stdout;
  throw new UnfitError(`${server.called ?? 'PostgreSQL'} refused: ${stderr.trim()}`);
}

/**
 * The rows of statements as the superuser to the cluster's own database, a line each, columns separated by `|`.
 * @throws UnfitError when one of them fails
 */
export async function sqlRows(ctx: ServerContext, sql: string): Promise<readonly string[]> {
  return (await runSql(ctx, sql)).split('\n').filter(Boolean);
}
