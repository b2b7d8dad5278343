/** What the shop's database holds, and which backups of it there are, as facts of a run. */
import { Client } from 'pg';
import type { RunningCluster } from '#harness/cluster/types.ts';
import { UnfitError } from '#harness/core/errors.ts';
import type { BackupMethod, DatabaseContentData } from '#harness/core/recovery.ts';
import { type Ask, askBy } from '#harness/database/ask.ts';
import { contentOf, settledPosition, type UpTo } from '#harness/database/content.ts';
import { listBackups } from '#harness/database/backups.ts';
import { backupRecord } from '#harness/database/decisions.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import type { Offsite } from '#harness/offsite/offsite.ts';
import { readCredentials } from '#harness/stack/credentials.ts';
import { DATABASE_PASSWORD, shopSchema } from '#harness/stack/postgres.ts';
import { restoreDecisions } from '#harness/stack/postgres-backup.ts';
import type { ScenarioRun } from '../scenario-run.ts';
import type { Reached } from './ground.ts';
import { SERVER } from './plan.ts';

/** Its role has the same name. */
const DATABASE = SERVER.database;

const CONNECT_MS = 10_000;

/** A connection as the shop's own role. @throws UnfitError when the database does not let it in */
async function connected(kube: KubeClient, { ports, name }: RunningCluster): Promise<Client> {
  const password = (await readCredentials(kube, DATABASE_PASSWORD))?.[DATABASE_PASSWORD.key];
  if (password === undefined) throw new UnfitError(`cluster ${name} has no database`);
  const client = new Client({
    host: '127.0.0.1',
    port: ports.postgres,
    user: DATABASE,
    database: DATABASE,
    password,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'mettle-content',
  });
  try {
    await client.connect();
    return client;
  } catch (error) {
    throw new UnfitError(`the database of cluster ${name} lets nobody in`, { cause: error });
  }
}

/** A cluster whose database is asked. */
type WithDatabase = Pick<Reached, 'kube' | 'cluster'>;

/** Asks the database over a connection of its own. @throws UnfitError when it does not let the shop's role in */
export async function asked<Result>(
  { kube, cluster }: WithDatabase,
  act: (ask: Ask) => Promise<Result>,
): Promise<Result> {
  const client = await connected(kube, cluster);
  try {
    return await act(askBy(client));
  } finally {
    await client.end();
  }
}

/** How far each table that grows is compared; what comes later is judged order by order. */
export type Bounds = readonly UpTo[];

/** How far the orders have come, for good. */
export async function boundsNow(reached: WithDatabase, namespace: string): Promise<Bounds> {
  const table = `${shopSchema(namespace)}.orders`;
  return [await asked(reached, (ask) => settledPosition(ask, { table, column: 'position' }))];
}

/** Records what the database holds. @throws UnfitError when it does not tell */
export async function recordContent(
  { timeline }: ScenarioRun,
  reached: WithDatabase,
  namespace: string,
  { moment, bounds }: { readonly moment: DatabaseContentData['moment']; readonly bounds: Bounds },
): Promise<void> {
  const schemas = [shopSchema(namespace)];
  const content = await asked(reached, (ask) => contentOf(ask, { schemas, up_to: bounds }));
  timeline.record({
    source: 'database',
    kind: 'content',
    subject: `Database/${DATABASE}`,
    data: { moment, ...content },
  });
}

/** Records the complete backups of the store, as they are at the loss. */
export async function recordBackups(
  { timeline }: ScenarioRun,
  { backups }: Offsite,
  method: BackupMethod,
): Promise<void> {
  for (const { name, taken_at, note } of await listBackups(backups, method)) {
    const at = note === undefined ? taken_at : Date.parse(note.ended);
    const data = { method, state: 'taken', taken_at, note: 'complete at the loss' } as const;
    timeline.record({ at, source: 'recovery', kind: 'backup', subject: name, data });
  }
}

/** Records what the restore made of each backup that it looked at, and says it in a sentence. */
export async function recordRestore({ timeline }: ScenarioRun, { ctx }: Reached): Promise<string> {
  const decisions = await restoreDecisions(ctx);
  for (const decision of decisions) {
    const record = backupRecord(decision);
    if (record) timeline.record({ source: 'recovery', kind: 'backup', at: decision.at, ...record });
  }
  const said = decisions.map(({ backup, state, note }) => `${backup} ${state}: ${note}`);
  return said.length === 0 ? 'the database began empty' : said.join('; ');
}
