import type { DatabaseErrorsData, MigrationData, MigrationExpectation, ReadOnlyData } from '../migration.ts';
import { READ_ONLY_GROUP, READ_ONLY_RELEASE } from '../read-only-answer.ts';
import type { DatabaseContentData, PlacedOrderFact } from '../recovery.ts';
import type { EpochMs, TimelineRecord } from '../timeline.ts';
import {
  after,
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

/** What goes wrong in a synthetic run of migrations; nothing by default. Times are seconds after the start of the load. */
export interface SyntheticMigrationOptions {
  /** Orders that fail, from a second on, and for how long. */
  readonly failing?: { readonly from_s: number; readonly seconds: number };
  readonly errors?: DatabaseErrorsData['errors'];
  /** The log of the database was never read. */
  readonly unread?: boolean;
  /** State of a migration in place of the right one; `none` takes its records away. */
  readonly states?: Readonly<Record<string, MigrationData['state'] | 'none'>>;
  readonly content?: (data: DatabaseContentData) => DatabaseContentData;
  /** Orders that the database holds in the end. */
  readonly held?: (orders: readonly PlacedOrderFact[]) => readonly PlacedOrderFact[];
  /** When the last pod of the old release is gone; long before the contract otherwise. */
  readonly old_gone_s?: number;
  readonly expectation?: Partial<MigrationExpectation>;
  /** When the new release begins to answer. */
  readonly next_from_s?: number;
  /** A time in which writes are refused, from 20 s to 30 s. */
  readonly read_only?: {
    readonly by?: ReadOnlyData['by'];
    readonly taken?: number;
    /** Writes of one second that meet another 503 than the one by which they are to be refused. */
    readonly crashed?: { readonly count: number; readonly release: string; readonly group?: string };
    readonly ends_s?: number;
    readonly ended_by?: ReadOnlyData['ended_by'];
    readonly migration_ends_s?: number;
    readonly reads_failed?: number;
    readonly answers?: ReadOnlyData['answers'];
    /** Writes are refused beyond the end. */
    readonly refused_until_s?: number;
  };
  /** Pods in place of the usual ones. */
  readonly pods?: readonly Timed[];
  /** Answers of the second that begins then, in place of the usual ones. */
  readonly answers?: (from: EpochMs) => readonly Answers[] | undefined;
  readonly more?: readonly Timed[];
}

const NAMESPACE = 'shop-demo';
const SECONDS = 60;
const RATE = 300;
const ORDERS = 30;
const LEASE_S = 10;
const HOLD_S = 20;

function refusals(says: string): NonNullable<ReadOnlyData['answers']> {
  return [
    { method: 'GET', status: 200, body: '{}' },
    ...['POST', 'PUT', 'PATCH', 'DELETE'].map((method) => ({
      method,
      status: 503,
      retry_after_s: 7,
      body: `"error":"${says}"`,
    })),
  ];
}

/** Right answers to the methods that are tried, by the shop's flag and by the proxy's rule. */
export const REFUSALS = refusals('read-only until 2026');
export const REFUSALS_OF_PROXY = refusals('read-only: orders are not taken here');

function contentOf(moment: 'before' | 'after', renamed: boolean): DatabaseContentData {
  const now = moment === 'after' && renamed ? 'digest' : 'content_hash';
  return {
    moment,
    tables: [
      {
        table: 's.orders',
        rows: 5000,
        content_hash: moment === 'before' ? 'aa' : 'bb',
        columns: { id: '01', [now]: '02' },
      },
    ],
    sequences: {},
    largest_keys: {},
    columns: { 's.orders.id': 'text NOT NULL', [`s.orders.${now}`]: 'text' },
    constraints: {},
    indexes: {},
    up_to: { 's.orders': 5000 },
  };
}

/** A made-up record of a run in which a column got another name in three steps, or in a time without writes. */
export function syntheticMigration(options: SyntheticMigrationOptions = {}): TimelineRecord[] {
  const { failing, errors = [], unread = false, states = {}, read_only, more = [] } = options;
  const { content = (data) => data, held = (orders) => orders, old_gone_s = 35 } = options;
  const by = read_only?.by ?? 'flag';
  const expectation: MigrationExpectation = {
    of: 'migration',
    namespace: NAMESPACE,
    app: 'shop',
    ...(read_only
      ? {
          migrations: [{ name: 'rename', expected: 'applied', adds: ['orders.digest'] }],
          read_only: { by, lease_s: LEASE_S, back_within_s: 3 },
        }
      : {
          migrations: [
            { name: 'expand', expected: 'applied', adds: ['orders.digest'] },
            { name: 'early', expected: 'refused', retires: ['v1'] },
            { name: 'contract', expected: 'applied', retires: ['v1'], drops: ['orders.content_hash'] },
          ],
        }),
    moved: { 's.orders.content_hash': 's.orders.digest' },
    ...options.expectation,
  };
  const refused_until = after(read_only?.refused_until_s ?? read_only?.ends_s ?? HOLD_S + LEASE_S);
  const placed: PlacedOrderFact[] = [];
  const answers = (from: EpochMs): readonly Answers[] => {
    const given = options.answers?.(from);
    if (given) return given;
    const fails = failing && from >= after(failing.from_s) && from < after(failing.from_s + failing.seconds);
    const closed = read_only !== undefined && from >= after(HOLD_S) && from < refused_until;
    const taken = closed && from === after(HOLD_S + 2) ? (read_only?.taken ?? 0) : 0;
    const reads_failed = from === after(HOLD_S + 2) ? (read_only?.reads_failed ?? 0) : 0;
    const crashed = (from === after(HOLD_S + 2) && read_only?.crashed) || { count: 0, release: 'none' };
    const bad = fails || closed;
    const release = from < after(options.next_from_s ?? 25) ? 'v1' : 'v2';
    return [
      { release, count: RATE - ORDERS - reads_failed },
      { release, count: reads_failed, bad: true, status: 503 },
      { release, count: taken, route: '/orders', status: 201 },
      { ...crashed, route: '/orders', status: 503, bad: true },
      {
        ...(closed
          ? { release: by === 'flag' ? release : READ_ONLY_RELEASE, group: READ_ONLY_GROUP }
          : { release }),
        count: ORDERS - taken - crashed.count,
        route: '/orders',
        status: bad ? 503 : 201,
        bad,
      },
    ];
  };
  for (let second = 0; second < SECONDS; second += 1) {
    const from = after(second);
    for (const { count, bad } of answers(from).filter(({ route }) => route === '/orders')) {
      for (let index = 0; index < count; index += 1) {
        placed.push({
          id: `run-${second}-${index}-${String(bad)}`,
          at: from + 500,
          content_hash: bad ? '' : 'cc',
          outcome: bad ? 'refused' : 'accepted',
        });
      }
    }
  }
  const migration = (
    name: string,
    at_s: number,
    state: MigrationData['state'],
    note = 'so it is',
  ): Timed[] => {
    const forced = states[name];
    if (forced === 'none') return [];
    const draft = (when: number, now: MigrationData['state']): Timed => ({
      at: after(when),
      source: 'database',
      kind: 'migration',
      subject: `Migration/${NAMESPACE}/${name}`,
      data: { state: now, note },
    });
    const last = forced ?? state;
    return last === 'refused' ? [draft(at_s, last)] : [draft(at_s, 'begun'), draft(at_s + 1, last)];
  };
  const mode = (at_s: number, data: Omit<ReadOnlyData, 'by' | 'lease_until' | 'seen'>): Timed => ({
    at: after(at_s),
    source: 'harness',
    kind: 'read_only',
    subject: `Shop/${NAMESPACE}`,
    data: { by, lease_until: after(HOLD_S + LEASE_S), seen: 'so it is', ...data },
  });
  const database = { source: 'database', subject: 'Database/shop' } as const;
  const end = after(SECONDS);
  const pod = (at_s: number, name: string, verb: 'added' | 'deleted', release: string): Timed =>
    object(after(at_s), `Pod/${NAMESPACE}/${name}`, verb, { release, ready: true });
  const apart = read_only
    ? [
        mode(HOLD_S - 1, { state: 'asked' }),
        mode(HOLD_S, {
          state: 'holds',
          answers: read_only.answers ?? (by === 'flag' ? REFUSALS : REFUSALS_OF_PROXY),
        }),
        ...migration('rename', HOLD_S + 1, 'applied').map(
          (one): Timed =>
            one.kind === 'migration' &&
            one.data.state === 'applied' &&
            read_only.migration_ends_s !== undefined
              ? { ...one, at: after(read_only.migration_ends_s) }
              : one,
        ),
        mode((read_only.ends_s ?? HOLD_S + LEASE_S) + 0.2, {
          state: 'ended',
          ended_by: read_only.ended_by ?? 'lease',
        }),
      ]
    : [
        ...migration('expand', 15, 'applied'),
        ...migration('early', 20, 'refused'),
        ...migration('contract', 40, 'applied'),
      ];
  return numbered([
    { at: START_AT - 1, source: 'harness', kind: 'expectation', subject: 'shop', data: expectation },
    ...observer('kubernetes', START_AT, end + 500),
    object(START_AT, `Deployment/${NAMESPACE}/shop`, 'listed', { replicas: 2, ready: 2 }),
    ...(options.pods ?? [
      pod(0, 'old', 'added', 'v1'),
      pod(22, 'new', 'added', 'v2'),
      pod(old_gone_s, 'old', 'deleted', 'v1'),
    ]),
    ...load(START_AT, SECONDS, answers),
    steady(after(10), 'before'),
    { ...database, at: after(11), kind: 'content', data: content(contentOf('before', true)) },
    ...phase('acts', after(12), after(45)),
    ...apart,
    steady(after(55), 'after'),
    { at: end, source: 'load', kind: 'orders', subject: 'run', data: { orders: placed } },
    {
      ...database,
      at: end + 100,
      kind: 'held_orders',
      data: {
        orders: held(placed.filter(({ outcome }) => outcome === 'accepted')).map(({ id, content_hash }) => ({
          id,
          content_hash,
        })),
      },
    },
    { ...database, at: end + 200, kind: 'content', data: content(contentOf('after', true)) },
    ...(unread
      ? []
      : ([
          { ...database, at: end + 300, kind: 'errors', data: { from: START_AT, to: end + 300, errors } },
        ] satisfies Timed[])),
    ...more,
  ]);
}
