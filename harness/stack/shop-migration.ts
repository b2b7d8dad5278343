/** A migration of the shop's schema as a Job beside the shop: what a team commits together with the release that needs it. */
import type { Manifest } from '#harness/kube/manifests.ts';
import type { ObjectRef } from '#harness/kube/wait.ts';
import { manifestsOf, type StackContext } from './component.ts';

/** What is migrated, and by what. */
export interface ShopMigration {
  readonly namespace: string;
  /** Part of the Job's name. */
  readonly name: string;
  /** Statements that may be run again: a rebuild runs them on whatever the backup held. They name the schema in full. */
  readonly sql: string;
}

/** Left to the shell of the Job: the address without what psql does not know. */
const DATABASE_URL = '${DATABASE_URL%%\\?*}';

/** The Job and its statements, and what to wait for. */
export async function shopMigration(
  ctx: StackContext,
  { namespace, name, sql }: ShopMigration,
): Promise<{ readonly manifests: readonly Manifest[]; readonly job: ObjectRef }> {
  const read = await manifestsOf(ctx, 'shop-migration', { name, database_url: DATABASE_URL });
  const manifests = read.map(({ object, position }) => {
    const own = { ...object, metadata: { ...object.metadata, namespace } };
    return {
      object: object.kind === 'ConfigMap' ? { ...own, data: { 'migration.sql': sql } } : own,
      position,
    };
  });
  const job = { api_version: 'batch/v1', kind: 'Job', namespace, name: `shop-migration-${name}` };
  return { manifests, job };
}
