/** A migration of the shop's schema as a Job beside the shop: what a team commits together with the release that needs it. */
import type { Manifest } from '#harness/kube/manifests.ts';
import { JOB } from '#harness/kube/recording.ts';
import type { ObjectRef } from '#harness/kube/wait.ts';
import { manifestsOf, type StackContext } from './component.ts';

/** What is migrated, and by what. */
export interface ShopMigration {
  readonly namespace: string;
  /** Part of the Job's name. */
  readonly name: string;
  /** Statements that may be run again: a rebuild runs them on whatever the backup held. They name the schema in full. */
  readonly sql: string;
  /** More of the migration's map by the name of its file. Such a map cannot be changed: what was judged is what runs. */
  readonly more?: Readonly<Record<string, string>>;
  /** The Job is made and waits until somebody starts it. */
  readonly suspended?: boolean;
}

/** Name of the map that holds a migration's statements. */
export function migrationMap(name: string): string {
  return `shop-migration-${name}`;
}

/** Left to the shell of the Job: the address without what psql does not know. */
const DATABASE_URL = '${DATABASE_URL%%\\?*}';

/** The Job and its statements, and what to wait for. */
export async function shopMigration(
  ctx: StackContext,
  { namespace, name, sql, more, suspended = false }: ShopMigration,
): Promise<{ readonly manifests: readonly Manifest[]; readonly job: ObjectRef }> {
  const read = await manifestsOf(ctx, 'shop-migration', { name, database_url: DATABASE_URL });
  const manifests = read.map(({ object, position }) => {
    const own = { ...object, metadata: { ...object.metadata, namespace } };
    if (object.kind === 'ConfigMap') {
      const data = { 'migration.sql': sql, ...more };
      return { object: { ...own, ...(more ? { immutable: true } : {}), data }, position };
    }
    const spec = { ...Object(object['spec']), ...(suspended ? { suspend: true } : {}) };
    return { object: { ...own, spec }, position };
  });
  const job = { ...JOB, namespace, name: migrationMap(name) };
  return { manifests, job };
}
