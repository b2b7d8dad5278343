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

/** What goes wrong in a synthetic run in which a service is changed; nothing by default. */
export interface SyntheticServiceOptions {
  /** Requests that fail in the given act, and how. */
  readonly failed?: { readonly act: string; readonly count: number; readonly status?: number };
  /** Acts that move no pod. */
  readonly idle?: readonly string[];
  /** Whether the service is steady afterwards. */
  readonly steady_after?: boolean;
  /** Orders go to a database: how many more or fewer are there than were accepted, and how many hold something else. */
  readonly orders?: { readonly lost?: number; readonly twice?: number; readonly wrong?: number };
  /** Release that serves at the end. */
  readonly final_release?: string;
}

const NAMESPACE = 'shop-demo';
const ACTS = ['deploy', 'restart', 'scale up', 'scale down'];
const ACT_S = 10;
const BEFORE_S = 8;
const RATE = 300;
const ORDERS = 30;

/** A made-up record of a run in which a service was deployed, restarted and scaled under load. */
export function syntheticService(options: SyntheticServiceOptions = {}): TimelineRecord[] {
  const act_at = START_AT + BEFORE_S * 1000;
  const until = act_at + (ACTS.length * ACT_S + 10) * 1000;
  const startOf = (act: string): EpochMs => act_at + ACTS.indexOf(act) * ACT_S * 1000;
  const failing = options.failed;
  const answers = (from: EpochMs): Answers[] => {
    const fails = failing && from === startOf(failing.act) + 2_000 ? failing.count : 0;
    const release = from < startOf('restart') ? 'v1' : (options.final_release ?? 'v2');
    return [
      { release, count: RATE - ORDERS - fails },
      { release, count: ORDERS, route: '/orders', status: 201 },
      { release: 'none', count: fails, bad: true, status: failing?.status ?? 502 },
    ];
  };
  const stored = (
    at: EpochMs,
    { lost = 0, twice = 0, wrong = 0 }: NonNullable<typeof options.orders>,
  ): Timed => {
    const distinct = ((until - START_AT) / 1000) * ORDERS - lost;
    const data = { stored: distinct + twice, distinct, wrong };
    return { at, source: 'database', kind: 'orders', subject: `Deployment/${NAMESPACE}/shop`, data };
  };
  const acts = ACTS.flatMap((act, index): Timed[] => {
    const at = startOf(act);
    const pod = `Pod/${NAMESPACE}/shop-${index}`;
    const moved = options.idle?.includes(act)
      ? []
      : [
          object(at + 500, pod, 'added', { phase: 'Pending', ready: false, restarts: 0, release: 'v2' }),
          object(at + 4_000, pod, 'deleted', { phase: 'Running', ready: false, restarts: 0, release: 'v2' }),
        ];
    return [...phase(act, at, at + (ACT_S - 1) * 1000), ...moved];
  });
  return numbered([
    {
      at: START_AT,
      source: 'harness',
      kind: 'expectation',
      subject: `Deployment/${NAMESPACE}/shop`,
      data: {
        of: 'service',
        namespace: NAMESPACE,
        app: 'shop',
        acts: ACTS,
        keeps_orders: options.orders !== undefined,
      },
    },
    ...observer('kubernetes', START_AT, until + 100),
    object(START_AT, `Deployment/${NAMESPACE}/shop`, 'listed', { replicas: 2, ready: 2 }),
    ...load(START_AT, (until - START_AT) / 1000, answers),
    steady(act_at - 10, 'before'),
    ...acts,
    {
      at: startOf('deploy') + 1,
      source: 'release',
      kind: 'shipped',
      subject: `Deployment/${NAMESPACE}/shop`,
      data: { release: 'v2', document: { release: 'v2' } },
    },
    steady(until, 'after', options.steady_after ?? true),
    ...(options.orders ? [stored(until, options.orders)] : []),
  ]);
}
