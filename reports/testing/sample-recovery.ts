import {
  load,
  numbered,
  object,
  phase,
  START_AT,
  steady,
  type Timed,
} from '#harness/core/testing/synthetic-parts.ts';
import type {
  DatabaseContentData,
  InventoryData,
  PlacedOrderFact,
  RecoveryExpectation,
} from '#harness/core/recovery.ts';
import type { EpochMs, TimelineRecord } from '#harness/core/timeline.ts';
import type { RunMeta } from '#harness/core/run-meta.ts';

/** What goes wrong in a made-up recovery; a loss of three seconds of orders when nothing is said. */
export interface SampleRecoveryOptions {
  /** Accepted orders of the last so many seconds before the loss are not held in the end. */
  readonly lost_s?: number;
  /** Nobody looked what the database holds. */
  readonly unseen?: boolean;
  /** The recovery takes so much longer. */
  readonly later_s?: number;
  /** The step that fails, and with which nothing goes on. */
  readonly fails_at?: string;
  /** A field of an object, an index and an order are not as they were. */
  readonly drifts?: boolean;
}

const NAMESPACE = 'run-sample';
const BEFORE_S = 45;
const AFTER_S = 30;
const RATE = 300;
const ORDERS = 30;

/** When the cluster of a sample is destroyed. */
export const LOST_AT = START_AT + BEFORE_S * 1000;

const COMPONENTS = ['traefik', 'prometheus', 'alertmanager', 'flagger', 'chat', 'postgres', 'shop'];

/** Meta data of a sample. */
export const RECOVERY_META: RunMeta = {
  scenario: 'recovery/rebuild',
  title:
    'A cluster that is lost is rebuilt from Git and backup, and no accepted order is lost without being listed',
  started_at: START_AT - 70_000,
  ended_at: START_AT + 180_000,
  run_id: NAMESPACE,
};

const EXPECTATION: RecoveryExpectation = {
  of: 'recovery',
  namespace: NAMESPACE,
  app: 'shop',
  loses: 'cluster',
  recovery_time_s: 300,
  own_budget_s: 90,
  backup: 'wal',
  recovery_point_s: 5,
  release: 'v1',
  components: COMPONENTS,
  restores: true,
  backups_refused: 1,
  may_differ: [{ subject: 'Service/*', field: 'spec.clusterIP', why: 'the API server gives out addresses' }],
  alerts: [],
};

/** A made-up record of a cluster that was destroyed under load and rebuilt. */
export function sampleRecovery(options: SampleRecoveryOptions = {}): TimelineRecord[] {
  const { lost_s = 3, later_s = 0, unseen = false, fails_at, drifts = false } = options;
  const at = (seconds: number): EpochMs => LOST_AT + seconds * 1000;
  const first_s = 61 + later_s;
  const steady_s = 74.2 + later_s;
  const until_s = steady_s + AFTER_S;
  const dark = (from: EpochMs): boolean => from >= LOST_AT && (fails_at !== undefined || from < at(first_s));
  const seconds = BEFORE_S + Math.ceil(until_s);
  return numbered([
    {
      at: START_AT - 60_000,
      source: 'harness',
      kind: 'scenario',
      subject: 'recovery/rebuild',
      data: {
        title: RECOVERY_META.title,
        file: 'scenarios/recovery/rebuild.spec.ts',
        seed: 1,
        versions: { kubernetes: '1.34.3', flux: '1.7.3', traefik: '3.6.1', postgres: '15.14' },
      },
    },
    {
      at: START_AT - 59_000,
      source: 'harness',
      kind: 'expectation',
      subject: 'Cluster/mettle-dr',
      data: EXPECTATION,
    },
    ...phase('prepare', START_AT - 58_000, START_AT - 1000),
    ...phase('rebuild', LOST_AT, at(until_s)),
    steady(at(-20), 'before'),
    ...load(START_AT, seconds, (from) =>
      dark(from)
        ? [{ release: 'none', count: RATE, bad: true, status: 0, route: '/' }]
        : [
            { release: 'v1', count: RATE - ORDERS },
            { release: 'v1', count: ORDERS, route: '/orders', status: 201 },
          ],
    ),
    ...pods(at),
    {
      at: LOST_AT,
      source: 'recovery',
      kind: 'destroyed',
      subject: 'Cluster/mettle-dr',
      data: { what: 'cluster', how: 'all its node containers killed and removed' },
    },
    ...stepRecords(at, later_s, fails_at),
    ...(fails_at === undefined ? [steady(at(steady_s), 'after')] : []),
    ...backups(at),
    ...orderRecords(seconds, dark),
    ...(unseen ? [] : [held(at(until_s + 1), seconds, dark, { lost_s, drifts })]),
    inventory(at(-15), 'before', false),
    inventory(at(until_s + 2), 'after', drifts),
    content(at(-14), 'before', false),
    content(at(until_s + 3), 'after', drifts),
  ]);
}

function pods(at: (seconds: number) => EpochMs): Timed[] {
  const pod = (seconds: number, name: string): Timed =>
    object(at(seconds), `Pod/${NAMESPACE}/${name}`, 'added', { release: 'v1', ready: true });
  return [pod(-44, 'shop-a'), pod(-44, 'shop-b'), pod(58, 'shop-c'), pod(58.5, 'shop-d')];
}

const BY_HAND: Readonly<Record<string, string>> = {
  cluster: 'kind create cluster --name mettle-dr --config cluster.yaml',
  flux: 'flux bootstrap git --url=http://git/fleet.git --path=clusters/mettle',
  restore: 'kubectl -n postgres logs postgres-0',
};

function stepRecords(
  at: (seconds: number) => EpochMs,
  later_s: number,
  fails_at: string | undefined,
): Timed[] {
  const plan: readonly (readonly [name: string, from: number, to: number, title: string, came: string])[] = [
    ['cluster', 1.1, 12.4, 'making cluster mettle-dr again, empty', 'one node is ready'],
    ['flux', 12.4, 17.8, 'starting Flux, and pointing it at the repository', 'Flux applies 1a2b3c4d'],
    ...COMPONENTS.map((name, index): readonly [string, number, number, string, string] => [
      `component/${name}`,
      18 + index * 0.7,
      27 + index * 5.1,
      `waiting for ${name}`,
      'every object is healthy',
    ]),
    [
      'restore',
      24.5,
      41.3,
      'restoring the database',
      'backup 20260115T095930Z, and the log up to 0.8 s before the loss',
    ],
    ['first answer', 17.8, 61.2 + later_s, 'waiting for the first good answer', '201 by v1'],
    [
      'steady',
      61.2 + later_s,
      74.2 + later_s,
      'waiting for the steady state',
      '300.0 of 300 answers/s, 0 bad',
    ],
  ];
  return plan.flatMap(([name, from, to, title, came]): Timed[] => {
    if (fails_at === 'cluster' && name !== 'cluster') return [];
    const part = name.startsWith('component/') ? name.slice('component/'.length) : undefined;
    const by_hand = part === undefined ? BY_HAND[name] : `kubectl wait kustomization/${part}`;
    const more = by_hand === undefined ? {} : { by_hand };
    const subject = name;
    const started: Timed = {
      at: at(from),
      source: 'recovery',
      kind: 'step',
      subject,
      data: { state: 'started', note: title, ...more },
    };
    if (fails_at !== undefined && (name === 'first answer' || name === 'steady'))
      return name === 'steady' ? [] : [started];
    const state = name === fails_at ? 'failed' : 'done';
    const note = state === 'failed' ? 'waited 180 s for it; last seen: nothing' : came;
    return [
      started,
      { at: at(to), source: 'recovery', kind: 'step', subject, data: { state, note, ...more } },
    ];
  });
}

function backups(at: (seconds: number) => EpochMs): Timed[] {
  const backup = (
    seconds: number,
    taken_s: number,
    state: 'taken' | 'restored' | 'refused',
    note: string,
  ): Timed => ({
    at: at(seconds),
    source: 'recovery',
    kind: 'backup',
    subject: new Date(at(taken_s)).toISOString().slice(0, 19).replaceAll(/[-:]/g, ''),
    data: { method: 'wal', state, taken_at: at(taken_s), note },
  });
  return [
    backup(-40, -40, 'taken', ''),
    backup(-25, -25, 'taken', ''),
    backup(-10, -10, 'taken', 'the newest before the loss'),
    backup(30, -10, 'refused', 'it is damaged: checksum mismatch for file "base/5/1259"'),
    backup(40, -25, 'restored', 'the log was replayed to 0.8 s before the loss'),
  ];
}

/** Thirty orders in each second, evenly. */
function ordersOf(second: number, dark: (from: EpochMs) => boolean): readonly PlacedOrderFact[] {
  const from = START_AT + second * 1000;
  return Array.from({ length: ORDERS }, (_, index): PlacedOrderFact => {
    const sequence = second * RATE + index * 10;
    const none = dark(from);
    const refused = from >= LOST_AT && from < LOST_AT + 1000 && index % 3 === 0;
    return {
      id: `${NAMESPACE}-${sequence}`,
      content_hash: none ? '' : (0x1000_0000 + sequence).toString(16),
      at: from + (index * 1000) / ORDERS,
      outcome: none ? (refused ? 'refused' : 'unknown') : 'accepted',
    };
  });
}

function orderRecords(seconds: number, dark: (from: EpochMs) => boolean): Timed[] {
  return Array.from(
    { length: seconds },
    (_, second): Timed => ({
      at: START_AT + (second + 1) * 1000,
      source: 'load',
      kind: 'orders',
      subject: 'run',
      data: { orders: ordersOf(second, dark) },
    }),
  );
}

function held(
  at: EpochMs,
  seconds: number,
  dark: (from: EpochMs) => boolean,
  { lost_s, drifts }: { readonly lost_s: number; readonly drifts: boolean },
): Timed {
  const accepted = Array.from({ length: seconds }, (_, second) => ordersOf(second, dark)).flat();
  const kept = accepted.filter(
    (order) => order.outcome === 'accepted' && !(order.at < LOST_AT && order.at >= LOST_AT - lost_s * 1000),
  );
  const orders = kept.map(({ id, content_hash }, index) => ({
    id,
    content_hash: drifts && index === 7 ? '00000000' : content_hash,
  }));
  return {
    at,
    source: 'database',
    kind: 'held_orders',
    subject: 'Deployment/run-sample/shop',
    data: { orders },
  };
}

function inventory(at: EpochMs, moment: InventoryData['moment'], drifts: boolean): Timed {
  const objects: InventoryData['objects'] = COMPONENTS.flatMap((name) => [
    {
      subject: `Deployment/${name}/${name}`,
      fields: { 'spec.replicas': drifts && name === 'traefik' ? 1 : 2, 'spec.image': `${name}:1` },
    },
    { subject: `Service/${name}/${name}`, fields: { 'spec.clusterIP': `10.96.0.${at % 250}` } },
  ]);
  return {
    at,
    source: 'recovery',
    kind: 'inventory',
    subject: 'Cluster/mettle-dr',
    data: {
      moment,
      cluster_uid: moment,
      revision: '1',
      kinds: { 'apps/v1 Deployment': COMPONENTS.length },
      objects: drifts ? objects.slice(1) : objects,
    },
  };
}

function content(at: EpochMs, moment: DatabaseContentData['moment'], drifts: boolean): Timed {
  return {
    at,
    source: 'database',
    kind: 'content',
    subject: 'Database/shop',
    data: {
      moment,
      tables: [
        { table: 'shop_run.orders', rows: drifts ? 899 : 900, content_hash: drifts ? 'beef' : 'cafe' },
      ],
      sequences: { 'shop_run.orders_position_seq': moment === 'before' ? 900 : 3000 },
      largest_keys: { 'shop_run.orders_position_seq': 900 },
      columns: { 'shop_run.orders.id': 'text not null' },
      constraints: { 'shop_run.orders.orders_pkey': 'PRIMARY KEY ("position")' },
      indexes: {
        'shop_run.orders_id_key': 'CREATE UNIQUE INDEX orders_id_key ON shop_run.orders USING btree (id)',
        ...(drifts
          ? {}
          : { 'shop_run.orders_by_time': 'CREATE INDEX orders_by_time ON shop_run.orders (accepted_at)' }),
      },
      up_to: { 'shop_run.orders': 900 },
    },
  };
}
