import { identifier } from '#harness/database/ask.ts';
import { shopSchema } from '#harness/stack/postgres.ts';
import type { Acting } from '../on-cluster.ts';
import { asked } from '../recovery/database.ts';

/** Orders from before the run, so that a migration has something to lose. */
const SEEDED = 2_000;

/** Fills the shop's table, which its pods have made, with orders of customers whom no load remembers. */
export async function seedOrders({ ctx, cluster, namespace }: Acting): Promise<void> {
  const table = `${identifier(shopSchema(namespace))}.orders`;
  await asked({ kube: ctx.kube, cluster }, (ask) =>
    ask(`INSERT INTO ${table} (id, lines, total_cents, content_hash, release, pod, accepted_at)
SELECT 'seed-' || n, json_build_array(json_build_object('item_id', 1 + n % 1000, 'quantity', 1 + n % 3)), 100 + n,
  left(md5(n::text), 8), 'v0', 'seed', timestamptz '2026-01-01' + n * interval '1 minute'
FROM generate_series(1, ${SEEDED}) AS n;
SELECT 'true';`),
  );
}
