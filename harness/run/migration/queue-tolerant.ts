/** Orders fill a queue, and whoever empties it is killed, and is away for a deployment with a migration in it. */
import * as v from 'valibot';
import { sequenceOf } from '#fixtures/apps/shop/visits.ts';
import type { QueueExpectation, ShipmentsData } from '#harness/core/migration.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { askJson, identifier } from '#harness/database/ask.ts';
import { settledPosition } from '#harness/database/content.ts';
import { POD } from '#harness/kube/recording.ts';
import { profileOf } from '#harness/load/profiles.ts';
import { shopSchema } from '#harness/stack/postgres.ts';
import { type Acting, unlessLate } from '../on-cluster.ts';
import { asked, type Bounds } from '../recovery/database.ts';
import { lookUntil } from '../recovery/look.ts';
import type { ScenarioRun } from '../scenario-run.ts';
import { releaseGone } from '../service-conditions.ts';
import { withFault } from '../with-fault.ts';
import { applyMigration, noPodOf } from './apply.ts';
import { deployBeside } from './beside.ts';
import { type MigrationAct, migrateUnderLoad } from './frame.ts';

/** Takes orders from the queue and ships them. */
const SHIPPER = 'shipper';
const BEFORE = 'shipper-1';
const AFTER = 'shipper-2';

/** One request in ten is an order (fixtures/apps/shop/visits.ts). */
const ORDERS_SHARE = 0.1;
/** What is promised; its release document allows 200 (50 orders in 250 ms), less what the database takes for them. */
const CAPACITY_PER_S = 120;
/** It asks an empty queue 20 times a second, and a pod of a busy machine begins a second or two after it is ready. */
const BEGIN_S = 5;
const KILLS = 2;
/** The kubelet lets a container that dies a second time wait for 10 s. */
const KILLED_S = 60;
const STOPPED_S = 30;
/** The migration keeps the table for so long, as with a large one. */
const LOCKED_S = 12;
/** Orders that have come in this lately are under way, not in arrears. */
const FRESH_S = 2;
const DRAINED_S = 20;

/** What is broken on purpose, and what must notice. */
export interface QueueDefect {
  readonly name: string;
  readonly breaks: string;
  readonly noticed_by: string;
  readonly says: RegExp;
  /** Document of the consumer that is killed. */
  readonly file?: string;
  /** The consumer is scaled down for its deployment, and nobody scales it up again. */
  readonly forgotten?: true;
}

/** Each must turn the verdict. */
export const QUEUE_DEFECTS: readonly QueueDefect[] = [
  {
    name: 'acknowledged-before-work',
    breaks: 'the consumer takes a batch out of the queue before it has shipped it',
    noticed_by: 'queue-once',
    says: /^[1-9]\d* lost, 0 doubled: .* was accepted, and was neither shipped nor waits to be/,
    file: 'shipper-before-work',
  },
  {
    name: 'acknowledged-apart',
    breaks: 'the consumer takes a batch out of the queue by another transaction than it ships it',
    noticed_by: 'queue-once',
    says: /^0 lost, [1-9]\d* doubled: .* is there 2 times/,
    file: 'shipper-after-work',
  },
  {
    name: 'never-back',
    breaks: 'nobody starts the consumer again after its migration',
    noticed_by: 'queue-drained',
    says: /no pod of shipper was ready again after .* and [1-9]\d* orders wait/,
    forgotten: true,
  },
];

const MOMENT = v.number();
const ORDER = { id: v.string(), content_hash: v.string(), placed_at: MOMENT };
const HELD = v.object({
  shipped: v.array(v.object({ ...ORDER, shipped_at: MOMENT })),
  waiting: v.array(v.object(ORDER)),
});

/** How many orders the container was at work on when it died, by its log. */
export function batchAtDeath(log: string): number {
  const said = [...log.matchAll(/"message":"batch (?<what>taken|done)","orders":(?<orders>\d+)/g)];
  const { what, orders } = said.at(-1)?.groups ?? {};
  return what === 'taken' ? Number(orders) : 0;
}

/** The time in a column, in ms since the epoch. */
function ms(column: string): string {
  return `(extract(epoch FROM ${column}) * 1000)::bigint`;
}

/** Everything that was queued of this run, in one statement: of one moment. */
async function queued({ run, ctx, cluster, namespace }: Acting): Promise<ShipmentsData> {
  const schema = identifier(shopSchema(namespace));
  const order = `'id', order_id, 'content_hash', content_hash, 'placed_at', ${ms('placed_at')}`;
  const all = (table: string, more = ''): string =>
    `(SELECT coalesce(json_agg(json_build_object(${order}${more}) ORDER BY position), '[]') FROM ${schema}.${table})`;
  const statement = `SELECT json_build_object('shipped', ${all('shipments', `, 'shipped_at', ${ms('shipped_at')}`)}, 'waiting', ${all('outbox')})::text;`;
  const held = v.parse(
    HELD,
    await asked({ kube: ctx.kube, cluster }, (ask) => askJson(ask, 'what was shipped', statement)),
  );
  const own = ({ id }: { readonly id: string }): boolean => sequenceOf(run.run_id, id) !== undefined;
  return { shipped: held.shipped.filter(own), waiting: held.waiting.filter(own) };
}

/** Waits until no order has waited for longer than a while. */
async function untilDrained(acting: Acting, fresh_s: number): Promise<void> {
  const { run, ctx, cluster, namespace } = acting;
  const outbox = `${identifier(shopSchema(namespace))}.outbox`;
  const statement = `SELECT count(*)::int FROM ${outbox} WHERE placed_at <= clock_timestamp() - interval '${fresh_s} s';`;
  await unlessLate(run, () =>
    lookUntil(
      async () => {
        const late = await asked({ kube: ctx.kube, cluster }, (ask) =>
          askJson(ask, 'how many orders wait', statement),
        );
        const seen = `${String(late)} orders wait`;
        return late === 0 ? { found: seen } : { seen };
      },
      { awaited: 'the queue to be empty', deadline_s: DRAINED_S, signal: run.signal },
    ),
  );
}

/** How far shipments are compared; the queue itself only ever passes through. */
async function queueBounds({ ctx, cluster, namespace }: Acting): Promise<Bounds> {
  const schema = shopSchema(namespace);
  const column = 'position';
  const shipments = await asked({ kube: ctx.kube, cluster }, (ask) =>
    settledPosition(ask, { table: `${schema}.shipments`, column }),
  );
  return [shipments, { table: `${schema}.outbox`, column, position: 0 }];
}

/** Ends the consumer by SIGKILL, says what it was at work on, and waits until it is back. */
async function killShipper(acting: MigrationAct): Promise<void> {
  const { run, ctx, namespace } = acting;
  const labels = `app=${SHIPPER}`;
  const [pod] = await ctx.kube.list({ ...POD, namespace, labels });
  const name = pod?.metadata.name ?? '';
  await using _killed = await withFault(acting, {
    fault: 'container-kill',
    options: { labels, count: 1 },
    lease_s: KILLED_S,
  });
  const log = await ctx.kube.logs(namespace, name, { previous: true, tail_lines: 50 });
  run.timeline.record({
    source: 'harness',
    kind: 'consumer_killed',
    subject: `Pod/${namespace}/${name}`,
    data: { orders: batchAtDeath(log) },
  });
}

async function deployShipper(acting: Acting, release: string, file: string, replicas = 1): Promise<void> {
  const shape = { app: SHIPPER, database: true, recreate: true, replicas };
  await deployBeside(acting, { ...shape, release, file });
}

/**
 * Stops the consumer, migrates what it writes to, and starts its next release, while orders come in.
 * @param before document of what is stopped, and `after` how many pods are started
 */
async function deployAnew(
  acting: MigrationAct,
  { before, after }: { readonly before: string; readonly after: number },
): Promise<void> {
  const { run, namespace } = acting;
  const table = `${identifier(shopSchema(namespace))}.shipments`;
  await deployShipper(acting, BEFORE, before, 0);
  await run.timeline.until(releaseGone(namespace, BEFORE), STOPPED_S, run.signal);
  const is_applied = await applyMigration(acting, {
    name: 'carrier',
    sql: `ALTER TABLE ${table} ADD COLUMN carrier text NOT NULL DEFAULT 'unknown';\nSELECT pg_sleep(${LOCKED_S});\n`,
    gates: [noPodOf([BEFORE])],
  });
  if (!is_applied) return;
  await unlessLate(run, () => deployShipper(acting, AFTER, 'shipper-carrier', after));
  await untilDrained(acting, FRESH_S);
}

/** Kills the consumer in its work and deploys it anew, and judges what became of each order. */
export async function queueTolerant(run: ScenarioRun, defect?: QueueDefect): Promise<Verdict> {
  const queue: QueueExpectation = {
    consumer: SHIPPER,
    rate_per_s: profileOf('steady-300').rate_per_s * ORDERS_SHARE,
    capacity_per_s: CAPACITY_PER_S,
    begin_s: BEGIN_S,
    kills: defect?.forgotten ? 0 : KILLS,
  };
  const before = defect?.file ?? 'shipper';
  return await migrateUnderLoad(run, {
    expectation: {
      migrations: [{ name: 'carrier', expected: 'applied', adds: ['shipments.carrier'], retires: [BEFORE] }],
      queue,
    },
    file: 'queued',
    deployed: (acting) => deployShipper(acting, BEFORE, before),
    further_bounds: queueBounds,
    act: async (acting) => {
      for (let kill = 1; kill <= queue.kills; kill += 1) {
        await acting.once(`kill ${kill}`, 'killing the consumer at its work', async () => {
          await killShipper(acting);
          // What it leaves behind is not to be counted among what comes in during the deployment.
          await untilDrained(acting, FRESH_S);
        });
      }
      await acting.once(
        'deploy anew',
        'stopping the consumer, migrating, and starting its next release',
        () => deployAnew(acting, { before, after: defect?.forgotten ? 0 : 1 }),
      );
    },
    ended: async (acting) => {
      // Where nobody works there is nothing to wait for.
      if (!defect?.forgotten) await untilDrained(acting, 0);
      const data = await queued(acting);
      const subject = `Schema/${shopSchema(acting.namespace)}`;
      run.timeline.record({ source: 'database', kind: 'shipments', subject, data });
    },
  });
}
