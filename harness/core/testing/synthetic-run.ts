import type { RolloutSpec } from '../rollout-spec.ts';
import type { Draft, EpochMs, TimelineRecord } from '../timeline.ts';
import { seededRandom } from './random.ts';
import { alertRecords, chatRecords, clusterRecords } from './synthetic-cluster.ts';
import { loadRecords } from './synthetic-load.ts';
import { NEXT_RELEASE, planOf, type SyntheticPlan, type SyntheticRunOptions } from './synthetic-plan.ts';

export type { SyntheticRunOptions } from './synthetic-plan.ts';

type Timed = Draft & { readonly at: EpochMs };

/**
 * A made-up but realistic record of one Flagger rollout, for tests of rules and reports. By default: steady load,
 * a release with half its answers bad, a canary at 10 % for 30 s, two failed checks, traffic withdrawn, one message.
 * Each option breaks or varies one thing. The same options give the same records.
 */
export function syntheticRun(options: SyntheticRunOptions = {}): TimelineRecord[] {
  const plan = planOf(options);
  const random = seededRandom(plan.options.seed);
  const records = [
    ...harnessRecords(plan),
    ...clusterRecords(plan),
    ...loadRecords(plan, random),
    ...alertRecords(plan),
    ...chatRecords(plan),
  ];
  return numbered(records);
}

/** Scenarios that would have recorded such a run. */
const SCENARIOS = {
  flagger: { rollback: 'rollback/flagger-error-rate', promotion: 'rollback/flagger-good-release' },
  'argo-rollouts': { rollback: 'rollback/argo-error-rate', promotion: 'stack/argo-canary' },
} as const;

/** Gives records that came from several sources their order in time and their place in the run. */
export function numbered(records: readonly Timed[]): TimelineRecord[] {
  const ordered = [...records].sort((left, right) => left.at - right.at);
  const placed: TimelineRecord[] = [];
  for (const record of ordered) placed.push({ seq: placed.length + 1, ...record });
  return placed;
}

export function harnessRecords(plan: SyntheticPlan<RolloutSpec>): Timed[] {
  const { options, spec } = plan;
  const ending = spec.expected === 'rollback' ? 'rollback' : 'promotion';
  const promise =
    spec.expected === 'rollback'
      ? 'A release that fails half of its requests is rolled back before it is promoted'
      : 'A good release is promoted and no request fails';
  const records: Timed[] = [
    {
      at: plan.started_at,
      source: 'harness',
      kind: 'scenario',
      subject: SCENARIOS[spec.controller][ending],
      data: {
        title: promise,
        file: `scenarios/${SCENARIOS[spec.controller][ending]}.spec.ts`,
        seed: options.seed,
        versions: {
          Kubernetes: '1.34.3',
          ...(spec.controller === 'flagger' ? { Flagger: '1.44.0' } : { 'Argo Rollouts': '1.10.0' }),
          Traefik: '3.6.1',
          Prometheus: '3.7.3',
          k6: '1.8.1',
        },
      },
    },
    {
      at: plan.started_at,
      source: 'harness',
      kind: 'spec',
      subject: `${spec.namespace}/${spec.app}`,
      data: spec,
    },
  ];
  const observers = [
    'kubernetes',
    'gateway',
    'gateway-live',
    'chat',
    ...(options.prometheus ? ['prometheus'] : []),
  ];
  for (const subject of observers) {
    records.push(
      { at: plan.started_at, source: 'harness', kind: 'observer', subject, data: { state: 'started' } },
      { at: plan.load_until + 300, source: 'harness', kind: 'observer', subject, data: { state: 'ended' } },
    );
  }
  const phase = (subject: string, from: EpochMs, to: EpochMs) => {
    records.push(
      { at: from, source: 'harness', kind: 'phase', subject, data: { state: 'started' } },
      { at: to, source: 'harness', kind: 'phase', subject, data: { state: 'done' } },
    );
  };
  const steady = (at: EpochMs, moment: 'before' | 'after', held: boolean) =>
    records.push({
      at,
      source: 'harness',
      kind: 'steady_state',
      subject: 'stack',
      data: {
        moment,
        held,
        reason: held
          ? 'all parts ready, load at its rate'
          : 'Deployment monitoring/prometheus has 0 of 1 ready',
      },
    });
  phase('steady-state', plan.started_at, plan.shipped_at);
  steady(plan.shipped_at - 100, 'before', options.steady_before);
  records.push({
    at: plan.shipped_at,
    source: 'release',
    kind: 'shipped',
    subject: `${spec.controller === 'flagger' ? 'Deployment' : 'Rollout'}/${spec.namespace}/${spec.app}`,
    data: {
      release: NEXT_RELEASE,
      document: { release: NEXT_RELEASE, errors: { ratio_pct: options.bad_pct } },
    },
  });
  phase('act', plan.shipped_at, plan.settled_at);
  phase('settle', plan.settled_at, plan.load_until);
  steady(plan.load_until + 250, 'after', options.steady_after);
  return records;
}
