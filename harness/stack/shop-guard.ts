/** A migration of the shop with the guard before it: both Jobs, and the one map that both read. */
import { at, type KubeObject } from '#harness/core/kubernetes.ts';
import type { Manifest } from '#harness/kube/manifests.ts';
import { manifestsOf, type StackContext } from './component.ts';
import { shopSchema } from './postgres.ts';
import { shopMigration } from './shop-migration.ts';

/** Statements a second of the release that is at work on the copy: it shares two cores with the shop that users are served by. */
const RATE = 50;
/** A guard that takes longer is given up, and opens nothing. */
export const GUARD_S = 90;

/** A migration that is judged before it runs. */
export interface GuardedMigration {
  readonly namespace: string;
  /** Part of the names of its objects. */
  readonly name: string;
  /** Statements that name the schema in full. */
  readonly sql: string;
  /** The migration's Job is made and waits until somebody starts it. */
  readonly suspended?: boolean;
  /** Seeded defect: a guard that looks at nothing and says yes. */
  readonly says_yes?: boolean;
}

export interface GuardedManifests {
  /** The statements, and the Job that judges them. */
  readonly guard: readonly Manifest[];
  /** The Job that runs them. */
  readonly migration: readonly Manifest[];
}

/** What the shop asks of its database, as the guard has it asked of the copy. */
function releaseSql(schema: string): string {
  return `-- What a release of the shop asks: one order in ten requests is placed.
-- name: order weight: 9
-- param id: sample ${schema}.orders.id
SELECT position, id, lines, total_cents, content_hash, release, pod, accepted_at FROM ${schema}.orders WHERE id = :id;

-- name: place weight: 1
-- param id: uuid
-- param total: int 100..99999
-- param hash: text 8
INSERT INTO ${schema}.orders (id, lines, total_cents, content_hash, release, pod, accepted_at)
VALUES (:id, '[{"item_id": 1, "quantity": 1}]', :total, :hash, 'v1', 'guard', now())
ON CONFLICT (id) DO NOTHING;
`;
}

/** The Job says yes, whatever it is asked. */
function sayingYes(object: KubeObject): KubeObject {
  const spec = Object(object['spec']);
  const pod = Object(at(spec, 'template', 'spec'));
  const container = Object(at(pod, 'containers', 0));
  const yes = { ...container, command: ['/bin/true'] };
  const template = { ...Object(at(spec, 'template')), spec: { ...pod, containers: [yes] } };
  return { ...object, spec: { ...spec, template } };
}

function isMap({ object }: Manifest): boolean {
  return object.kind === 'ConfigMap';
}

/** The objects of a migration and of the guard before it, in the namespace of the shop. */
export async function guardedMigration(
  ctx: StackContext,
  { namespace, name, sql, suspended = false, says_yes = false }: GuardedMigration,
): Promise<GuardedManifests> {
  const schema = shopSchema(namespace);
  const [judging, { manifests }] = await Promise.all([
    manifestsOf(ctx, 'shop-guard', { name, schema, rate: RATE, deadline_s: GUARD_S }),
    shopMigration(ctx, {
      namespace,
      name,
      sql,
      suspended,
      more: { 'release.sql': releaseSql(schema) },
    }),
  ]);
  const placed = judging.map(({ object, position }) => {
    const own = { ...object, metadata: { ...object.metadata, namespace } };
    return { object: says_yes ? sayingYes(own) : own, position };
  });
  return {
    guard: [...manifests.filter(isMap), ...placed],
    migration: manifests.filter((one) => !isMap(one)),
  };
}
