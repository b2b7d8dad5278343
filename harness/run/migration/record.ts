/** What rules of a migration judge by, read once the load has ended. */
import { UnfitError } from '#harness/core/errors.ts';
import { refusalsIn } from '#harness/database/server-log.ts';
import { structureOf } from '#harness/database/structure.ts';
import type { EpochMs } from '#harness/core/timeline.ts';
import type { DatabaseContentData } from '#harness/core/recovery.ts';
import { DATABASE_POD, shopSchema } from '#harness/stack/postgres.ts';
import type { Acting } from '../on-cluster.ts';
import { asked, type Bounds, recordContent } from '../recovery/database.ts';
import { recordHeld, recordHeldOrders } from '../record-orders.ts';
import { ordersInDatabase } from './orders-in-database.ts';

/** Records which statements of the run's shop the database refused since a moment. */
async function recordRefusals({ run, ctx, namespace }: Acting, from: EpochMs): Promise<void> {
  const { namespace: place, name: pod } = DATABASE_POD;
  const to = Date.now();
  const log = await ctx.kube.logs(place, pod, { since: new Date(from) });
  const schema = shopSchema(namespace);
  run.timeline.record({
    source: 'database',
    kind: 'errors',
    subject: `Schema/${schema}`,
    data: { from, to, errors: refusalsIn(log, schema) },
  });
}

/** Records what the database holds of the run's shop. */
export async function recordMigrationContent(
  acting: Acting,
  moment: DatabaseContentData['moment'],
  bounds: Bounds,
): Promise<void> {
  const { run, cluster, ctx, namespace } = acting;
  await recordContent(run, { kube: ctx.kube, cluster }, namespace, { moment, bounds });
}

/** Records which columns there are once a migration was refused: those that it asks for must not be among them. */
export async function recordRefusedColumns(
  { run, cluster, ctx, namespace }: Acting,
  name: string,
): Promise<void> {
  const { columns } = await asked({ kube: ctx.kube, cluster }, (ask) =>
    structureOf(ask, [shopSchema(namespace)]),
  );
  const subject = `Migration/${namespace}/${name}`;
  run.timeline.record({ source: 'database', kind: 'refused_columns', subject, data: { columns } });
}

/** The orders of a shop whose release cannot list them on the schema as it is now. */
async function recordFromDatabase({ run, cluster, ctx, namespace }: Acting): Promise<void> {
  const schema = shopSchema(namespace);
  const moved = run.timeline
    .snapshot()
    .of('harness', 'expectation')
    .flatMap(({ data }) => (data.of === 'migration' && data.moved ? [data.moved] : []))[0];
  const where = { schema, run_id: run.run_id, ...(moved ? { moved } : {}) };
  const orders = await asked({ kube: ctx.kube, cluster }, (ask) => ordersInDatabase(ask, where));
  recordHeld(run, `Schema/${schema}`, orders);
}

/**
 * Everything that is read after the load. A shop that cannot list its orders any more is a finding of its own, so what the
 * server says is read first, and then the orders are read from the database itself.
 */
export async function recordMigrationEnd(
  acting: Acting,
  { bounds, from }: { readonly bounds: Bounds; readonly from: EpochMs },
): Promise<void> {
  const { run } = acting;
  await recordRefusals(acting, from);
  await recordMigrationContent(acting, 'after', bounds);
  try {
    await recordHeldOrders(acting);
    return;
  } catch (error) {
    if (!(error instanceof UnfitError)) throw error;
    run.note(`${error.message}: they are read from the database`);
  }
  try {
    await recordFromDatabase(acting);
  } catch (error) {
    if (!(error instanceof UnfitError)) throw error;
    run.note(`the orders that are held are not known: ${error.message}`);
  }
}
