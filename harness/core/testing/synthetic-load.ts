import type { RolloutSpec } from '../rollout-spec.ts';
import { type AnswerSeries, type Draft, type EpochMs, LATENCY_BOUNDS_MS } from '../timeline.ts';
import { normal, type Random } from './random.ts';
import {
  GATEWAY_DELAY_MS,
  NEXT_RELEASE,
  STABLE_RELEASE,
  type SyntheticPlan,
  weightAt,
} from './synthetic-plan.ts';

type Timed = Draft & { readonly at: EpochMs };

const ROUTES = [
  { route: 'GET /', share: 0.5, ok: 200, median_ms: 1.4 },
  { route: 'GET /items/:id', share: 0.4, ok: 200, median_ms: 1.7 },
  { route: 'POST /orders', share: 0.1, ok: 201, median_ms: 2.6 },
] as const;

interface Answer {
  readonly at: EpochMs;
  readonly release: string;
  readonly status: number;
  readonly route: string;
  readonly bad: boolean;
  readonly latency_ms: number;
}

interface MutableSeries extends AnswerSeries {
  count: number;
  sum_ms: number;
  max_ms: number;
  buckets: number[];
  first_at: EpochMs;
  last_at: EpochMs;
}

/** The load's records: started, one per second, ended. */
export function loadRecords(plan: SyntheticPlan<RolloutSpec>, random: Random): Timed[] {
  const { options } = plan;
  if (options.load === 'absent') return [];
  const subject = plan.spec.load.profile;
  const until = options.load === 'killed' ? (plan.load_from + plan.load_until) / 2 : plan.load_until;
  const total = Math.floor((until - plan.load_from) / 1000);
  const records: Timed[] = [
    {
      at: plan.load_from,
      source: 'load',
      kind: 'started',
      subject,
      data: {
        profile: subject,
        rate_per_s: options.rate_per_s,
        duration_s: Math.round((plan.load_until - plan.load_from) / 1000),
        url: 'http://127.0.0.1:30080/',
      },
    },
  ];
  const stray = spread(options.stray_bad_answers, total);
  const lost = spread(options.lost_requests, total);
  const starved = options.load === 'starved';
  for (let second = 0; second < total; second += 1) {
    const from = plan.load_from + second * 1000;
    // A starved generator starts fewer iterations than it promised and says how late its own ticker was.
    const dropped = starved ? Math.round(options.rate_per_s * (0.02 + 0.08 * random())) : 0;
    const iterations = options.rate_per_s - dropped;
    const answers = answersOf(plan, random, { from, iterations, stray: stray(second), lost: lost(second) });
    records.push({
      at: from + 1000,
      source: 'load',
      kind: 'second',
      subject,
      data: {
        from,
        series: seriesOf(answers),
        iterations,
        dropped_iterations: dropped,
        vus: Math.ceil(options.rate_per_s / 10),
        lag_max_ms: round(starved ? 180 + 400 * random() : 0.4 + 4 * random()),
        cpu_s: round(0.03 + options.rate_per_s * 0.000_12 * (0.9 + 0.2 * random())),
        machine_idle_s: options.machine_idle_s,
      },
    });
  }
  const killed = options.load === 'killed';
  records.push({
    at: plan.load_from + total * 1000 + 40,
    source: 'load',
    kind: 'ended',
    subject,
    data: { exit_code: killed ? null : 0, signal: killed ? 'SIGKILL' : null, asked: !killed },
  });
  return records;
}

function answersOf(
  plan: SyntheticPlan<RolloutSpec>,
  random: Random,
  second: { from: EpochMs; iterations: number; stray: number; lost: number },
): Answer[] {
  const { options } = plan;
  const answers: Answer[] = [];
  for (let index = 0; index < second.iterations; index += 1) {
    const at = second.from + ((index + random()) / second.iterations) * 1000;
    const weight = weightAt(plan.weights, at, GATEWAY_DELAY_MS);
    const share = weight > 0 && options.measured_canary_pct >= 0 ? options.measured_canary_pct : weight;
    const canary = random() * 100 < share;
    const promoted = plan.primary_replaced_at !== undefined && at >= plan.primary_replaced_at;
    const release = canary || promoted ? NEXT_RELEASE : STABLE_RELEASE;
    const path = pick(random());
    const bad = ((canary || promoted) && random() * 100 < options.bad_pct) || index < second.stray;
    const none = index >= second.iterations - second.lost;
    const slower = release === NEXT_RELEASE ? 1.06 : 1;
    answers.push({
      at: round(at),
      release: none ? 'none' : release,
      status: none ? 0 : bad ? 500 : path.ok,
      route: path.route,
      bad: bad || none,
      latency_ms: none
        ? 5000
        : path.median_ms * slower * Math.exp(0.35 * normal(random)) + (random() < 0.01 ? 6 : 0),
    });
  }
  return answers;
}

/** Groups answers as the generator does: by release, status, route and goodness. */
function seriesOf(answers: readonly Answer[]): AnswerSeries[] {
  const groups = new Map<string, MutableSeries>();
  for (const answer of answers) {
    const key = [answer.release, answer.status, answer.route, answer.bad].join('|');
    let group = groups.get(key);
    if (group === undefined) {
      const { release, status, route, bad } = answer;
      const buckets = Array.from({ length: LATENCY_BOUNDS_MS.length + 1 }, () => 0);
      group = {
        release,
        status,
        route,
        bad,
        count: 0,
        sum_ms: 0,
        max_ms: 0,
        buckets,
        first_at: answer.at,
        last_at: 0,
      };
      groups.set(key, group);
    }
    const bucket = LATENCY_BOUNDS_MS.findIndex((bound) => answer.latency_ms <= bound);
    const place = bucket < 0 ? LATENCY_BOUNDS_MS.length : bucket;
    group.buckets[place] = (group.buckets[place] ?? 0) + 1;
    group.count += 1;
    group.sum_ms = round(group.sum_ms + answer.latency_ms);
    group.max_ms = Math.max(group.max_ms, round(answer.latency_ms));
    group.last_at = Math.max(group.last_at, answer.at);
  }
  return [...groups.values()];
}

function pick(drawn: number): (typeof ROUTES)[number] {
  let sum = 0;
  for (const route of ROUTES) {
    sum += route.share;
    if (drawn < sum) return route;
  }
  return ROUTES[0];
}

/** Spreads a number of things evenly over the seconds. */
function spread(count: number, seconds: number): (second: number) => number {
  return (second) => Math.floor(((second + 1) * count) / seconds) - Math.floor((second * count) / seconds);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
