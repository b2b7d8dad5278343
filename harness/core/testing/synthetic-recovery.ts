import type {
  DatabaseContentData,
  HeldOrdersData,
  InventoryData,
  PlacedOrderFact,
  RecoveryExpectation,
} from '../recovery.ts';
import type { EpochMs, TimelineRecord } from '../timeline.ts';
import {
  type Answers,
  load,
  numbered,
  object,
  observer,
  phase,
  START_AT,
  steady,
  type Timed,
} from './synthetic-parts.ts';

/** What goes wrong in a synthetic rebuild; nothing by default. All times are seconds. */
export interface SyntheticRecoveryOptions {
  readonly expectation?: Partial<RecoveryExpectation>;
  /** From the destruction to the first good answer, whole. Default 60; the steady state is seen 15 s later. */
  readonly away_s?: number;
  /** Accepted orders of the last so many seconds are not held. Default 1. */
  readonly lost_s?: number;
  /** The service was steady again at the end. Default true. */
  readonly is_steady?: boolean;
  /** Seconds after that in which answers are bad. Default none. */
  readonly relapse_s?: number;
  /** Release that serves afterwards. Default the one that served before. */
  readonly serves?: string;
  /** Changes what is held in the end. */
  readonly held?: (
    orders: HeldOrdersData['orders'],
    placed: readonly PlacedOrderFact[],
  ) => HeldOrdersData['orders'];
  /** Changes an inventory or what was read of the database. */
  readonly inventory?: (taken: InventoryData) => InventoryData;
  readonly content?: (read: DatabaseContentData) => DatabaseContentData;
  /** Steps that are left out, and the one that fails. */
  readonly skipped?: readonly string[];
  readonly failed?: string;
  /** Damaged backups at the newest end of three. Default 0. */
  readonly damaged?: number;
  /** Phase that the Canary goes through after the rebuild. Default none but `Initialized`. */
  readonly canary?: string;
  /** Alerts that fire after the destruction, and whether they are resolved. Default those that are declared. */
  readonly fired?: readonly string[];
  readonly resolved?: boolean;
}

/** When the cluster of a synthetic rebuild is destroyed. */
export const DESTROYED_AT = START_AT + 40_000;

const NAMESPACE = 'shop-demo';
const RATE = 30;
const ORDERS = 3;
const STEADY_AFTER_S = 15;
const END_AFTER_S = 25;
const COMPONENTS = ['flux', 'traefik', 'postgres'];
/** Of the hundred orders that were placed before the database was read first. */
const POSITION = 100;

function expected(change: Partial<RecoveryExpectation>): RecoveryExpectation {
  return {
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
    backups_refused: 0,
    may_differ: [],
    alerts: ['ShopErrorRatio'],
    ...change,
  };
}

const OBJECTS: InventoryData['objects'] = [
  { subject: 'Namespace/shop-demo', fields: { 'metadata.name': 'shop-demo' } },
  { subject: 'CustomResourceDefinition/canaries.flagger.app', fields: { 'spec.group': 'flagger.app' } },
  { subject: 'Canary/shop-demo/shop', fields: { 'spec.analysis.threshold': 2 } },
  { subject: 'ConfigMap/shop-demo/shop', fields: { 'data.release': 'v1' } },
  { subject: 'Deployment/shop-demo/shop', fields: { 'spec.replicas': 2, 'spec.paused': false } },
  { subject: 'Secret/shop-demo/database', fields: { 'data.url': 'secret 41d8', type: 'Opaque' } },
  { subject: 'Service/shop-demo/shop', fields: { 'spec.clusterIP': 'given out' } },
];

function inventory(moment: InventoryData['moment']): InventoryData {
  const is_before = moment === 'before';
  return {
    moment,
    cluster_uid: is_before ? 'first' : 'second',
    revision: is_before ? '4711' : '815',
    kinds: { 'v1 Namespace': 1, 'apps/v1 Deployment': 1 },
    objects: OBJECTS,
  };
}

function content(moment: DatabaseContentData['moment']): DatabaseContentData {
  return {
    moment,
    tables: [
      { table: 'shop.items', rows: 50, content_hash: 'aa', columns: { id: '01', name: '02' } },
      { table: 'shop.orders', rows: POSITION, content_hash: 'bb', columns: { id: '03', lines: '04' } },
    ],
    sequences: { 'shop.orders_position_seq': 250 },
    largest_keys: { 'shop.orders_position_seq': moment === 'before' ? 110 : 240 },
    columns: { 'shop.orders.id': 'text NOT NULL' },
    constraints: { 'shop.orders.orders_pkey': 'PRIMARY KEY ("position")' },
    indexes: {
      'shop.orders_by_time': 'CREATE INDEX orders_by_time ON shop.orders USING btree (accepted_at)',
    },
    up_to: { 'shop.orders': POSITION },
  };
}

/** What the load met in the second that begins at a time. */
type Weather = 'good' | 'away' | 'refusing';

function answersIn(weather: Weather, release: string): Answers[] {
  if (weather === 'good') {
    return [
      { release, count: RATE - ORDERS },
      { release, count: ORDERS, route: '/orders', status: 201 },
    ];
  }
  const status = weather === 'away' ? 0 : 503;
  return [
    { release: 'none', count: RATE - ORDERS, bad: true, status },
    { release: 'none', count: ORDERS, bad: true, status, route: '/orders' },
  ];
}

function ordersIn(from: EpochMs, weather: Weather): readonly PlacedOrderFact[] {
  const outcome = weather === 'good' ? 'accepted' : weather === 'away' ? 'unknown' : 'refused';
  return Array.from({ length: ORDERS }, (_, index) => {
    const id = `order-${(from - START_AT) / 1000}-${index}`;
    return {
      id,
      content_hash: outcome === 'accepted' ? `hash-of-${id}` : '',
      at: from + 2 + index * 498,
      outcome,
    };
  });
}

function stepRecords(
  { skipped = [], failed }: SyntheticRecoveryOptions,
  first_good_at: EpochMs,
  steady_at: EpochMs,
): Timed[] {
  const spans: readonly (readonly [name: string, from: EpochMs, to: EpochMs])[] = [
    ['cluster', DESTROYED_AT + 500, DESTROYED_AT + 12_000],
    ['flux', DESTROYED_AT + 12_000, DESTROYED_AT + 18_000],
    ...COMPONENTS.map((name, index) => {
      const from = DESTROYED_AT + 18_000 + index * 1000;
      return [`component/${name}`, from, from + 9_000] as const;
    }),
    ['restore', DESTROYED_AT + 25_000, first_good_at - 4_000],
    ['first answer', first_good_at - 4_000, first_good_at + 1_000],
    ['steady', first_good_at + 1_000, steady_at],
  ];
  return spans
    .filter(([name]) => !skipped.includes(name))
    .flatMap(([subject, from, to]): Timed[] => {
      const common = { source: 'recovery', kind: 'step', subject } as const;
      const by_hand = `do ${subject}`;
      const state = subject === failed ? 'failed' : 'done';
      return [
        { ...common, at: from, data: { state: 'started', note: `${subject} begins`, by_hand } },
        { ...common, at: to, data: { state, note: `${subject} is ${state}`, by_hand } },
      ];
    });
}

const taken_at = (index: number): EpochMs => START_AT + (index + 1) * 10_000;

function backupRecords(damaged: number, method: RecoveryExpectation['backup'], looked_at: EpochMs): Timed[] {
  const names = ['first', 'second', 'third'];
  const backup = (
    at: EpochMs,
    index: number,
    state: 'taken' | 'restored' | 'refused',
    note: string,
  ): Timed => ({
    at,
    source: 'recovery',
    kind: 'backup',
    subject: names[index] ?? 'none',
    data: { method, state, taken_at: taken_at(index), note },
  });
  const newest = names.length - 1;
  const chosen = newest - damaged;
  return [
    ...names.map((_, index) => backup(taken_at(index) + 500, index, 'taken', 'by the schedule')),
    ...names
      .map((_, index) => newest - index)
      .filter((index) => index > chosen)
      .map((index) => backup(looked_at, index, 'refused', 'its checksum is wrong')),
    ...(chosen < 0 ? [] : [backup(looked_at + 100, chosen, 'restored', 'and 3 segments replayed')]),
  ];
}

function alertRecords(fired: readonly string[], is_resolved: boolean, to: EpochMs): Timed[] {
  const at = DESTROYED_AT + 65_000;
  return fired.flatMap((subject): Timed[] => {
    const common = { source: 'alertmanager', kind: 'alert', subject } as const;
    const data = { starts_at: at - 1000, labels: { alertname: subject, namespace: NAMESPACE } };
    return [
      { ...common, at, data: { state: 'active', ...data } },
      ...(is_resolved ? [{ ...common, at: to, data: { state: 'resolved', ...data } } as const] : []),
    ];
  });
}

/** An observer whose source goes with the cluster and comes back. */
function interrupted(subject: string, back_at: EpochMs, until: EpochMs): Timed[] {
  const common = { source: 'harness', kind: 'observer', subject } as const;
  return [
    ...observer(subject, START_AT, until),
    { ...common, at: DESTROYED_AT + 3_000, data: { state: 'lost', note: 'connection refused' } },
    { ...common, at: back_at, data: { state: 'started', note: 'contact is back' } },
  ];
}

/** A made-up record of a run in which a cluster is destroyed under load and made again from Git and backup. */
export function syntheticRecovery(options: SyntheticRecoveryOptions = {}): TimelineRecord[] {
  const { away_s = 60, lost_s = 1, is_steady = true, relapse_s = 0, serves, damaged = 0, canary } = options;
  const {
    held = (orders) => orders,
    inventory: taken = (one) => one,
    content: read = (one) => one,
  } = options;
  const { resolved = true } = options;
  const declared = expected(options.expectation ?? {});
  const fired = options.fired ?? declared.alerts;
  const first_good_at = DESTROYED_AT + away_s * 1000;
  const steady_at = first_good_at + STEADY_AFTER_S * 1000;
  const until = first_good_at + END_AFTER_S * 1000;
  const weatherAt = (from: EpochMs): Weather => {
    const relapses = from >= steady_at + 1000 && from < steady_at + (1 + relapse_s) * 1000;
    if (from < DESTROYED_AT) return 'good';
    if (from >= first_good_at) return relapses ? 'refusing' : 'good';
    return from >= first_good_at - 3_000 ? 'refusing' : 'away';
  };
  const releaseAt = (from: EpochMs): string => (from < DESTROYED_AT ? 'v1' : (serves ?? 'v1'));
  const seconds = (until - START_AT) / 1000;
  const placed = Array.from({ length: seconds }, (_, second) => START_AT + second * 1000).flatMap((from) =>
    ordersIn(from, weatherAt(from)),
  );
  const kept = placed.filter(
    ({ at, outcome }) => outcome === 'accepted' && (at < DESTROYED_AT - lost_s * 1000 || at > DESTROYED_AT),
  );
  const harness = { source: 'harness', subject: `Cluster/mettle-demo` } as const;
  const recovery = { source: 'recovery', subject: `Cluster/mettle-demo` } as const;
  const database = { source: 'database', subject: 'Database/shop' } as const;
  return numbered([
    { ...harness, at: START_AT, kind: 'expectation', data: declared },
    ...interrupted('kubernetes', DESTROYED_AT + 13_000, until + 50),
    ...interrupted('alertmanager', DESTROYED_AT + 40_000, until + 50),
    ...load(START_AT, seconds, (from) => answersIn(weatherAt(from), releaseAt(from))),
    steady(START_AT + 20_000, 'before'),
    { ...recovery, at: START_AT + 21_000, kind: 'inventory', data: taken(inventory('before')) },
    { ...database, at: START_AT + 22_000, kind: 'content', data: read(content('before')) },
    ...phase('destroy', DESTROYED_AT - 500, DESTROYED_AT + 300),
    {
      ...recovery,
      at: DESTROYED_AT,
      kind: 'destroyed',
      data: { what: 'cluster', how: 'its node was killed and removed' },
    },
    ...phase('rebuild', DESTROYED_AT + 400, steady_at),
    ...stepRecords(options, first_good_at, steady_at),
    ...backupRecords(damaged, declared.backup, DESTROYED_AT + 30_000),
    object(DESTROYED_AT + 20_000, `Canary/${NAMESPACE}/shop`, 'added', { phase: 'Initializing' }),
    ...(canary === undefined
      ? []
      : [object(steady_at - 5_000, `Canary/${NAMESPACE}/shop`, 'modified', { phase: canary })]),
    object(steady_at - 2_000, `Canary/${NAMESPACE}/shop`, 'modified', { phase: 'Initialized' }),
    ...alertRecords(fired, resolved, steady_at + 5_000),
    steady(steady_at, 'after', is_steady),
    {
      at: until + 10,
      source: 'load',
      kind: 'orders',
      subject: 'run',
      data: { orders: placed },
    },
    {
      ...database,
      at: until + 20,
      kind: 'held_orders',
      data: {
        orders: held(
          kept.map(({ id, content_hash }) => ({ id, content_hash })),
          placed,
        ),
      },
    },
    { ...database, at: until + 30, kind: 'content', data: read(content('after')) },
    { ...recovery, at: until + 40, kind: 'inventory', data: taken(inventory('after')) },
  ]);
}
