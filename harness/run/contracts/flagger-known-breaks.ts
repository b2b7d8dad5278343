import { HOOKS } from '#harness/judge/contracts/flagger/calls.ts';
import { GATE_CLOSED, GATE_OPEN } from '#harness/stack/gate.ts';
import { METRICS_PROXY_ADDRESS } from '#harness/stack/metrics-proxy.ts';
import type { Reshape } from '#harness/stack/shop.ts';
import { canarySpec, webhooks } from '../canary-shapes.ts';
import { phaseSeen, weightReached } from '../moments.ts';
import type { FlaggerRollout } from '../flagger-rollout.ts';
import { NEVER_SERVES, type Settles } from '../rollout-run.ts';
import { BAD_RELEASE, GOOD_RELEASE, type FlaggerCase } from './case.ts';
import { FLAGGER_CONFIGURATION } from './flagger-configuration.ts';
import { gateOf, hook, refused } from './flagger-gates.ts';
import { FAILED_PROMOTION, PRIMARY_EMPTIED } from './flagger-promotion.ts';
import { AFTER_S, DELETED_UNREADY } from './flagger-readiness.ts';
import { phaseThenLoad } from './flagger-until.ts';
import { NEVER_READY, NEVER_ROLLED_BACK } from './left-out.ts';
import { lie } from './metric-acts.ts';
import { eachOf, setting, together } from './reshape.ts';

/** A rollout that a version is known to break a contract in. */
export interface KnownBreak extends FlaggerCase {
  readonly broken: NonNullable<Settles['known_break']>;
}

function broken(
  of: Omit<FlaggerCase, 'rollout'>,
  rollout: FlaggerRollout,
  { contract, thread }: KnownBreak['broken'],
): KnownBreak {
  const settles = { contracts: [contract], ...rollout.settles, known_break: { contract, thread } };
  return { ...of, rollout: { ...rollout, settles }, broken: settles.known_break };
}

const canary = {
  interval_s: 10,
  threshold: 2,
  step_weight_pct: 10,
  max_weight_pct: 50,
  progress_deadline_s: 20,
} as const;

/** Old pods end before new ones start, so a primary that fails has none left: the worst case of the thread. */
const recreated: Reshape = eachOf('Deployment', (object) =>
  setting(object, ['spec', 'strategy'], () => ({ type: 'Recreate' })),
);

/** The same release, whose primary has no pod left at all when it fails. */
const outage: FlaggerRollout = {
  ...FAILED_PROMOTION,
  reshape: together(recreated, FAILED_PROMOTION.reshape ?? ((object) => object)),
  settles: {
    contracts: ['F9'],
    rules_left_out: {
      ...FAILED_PROMOTION.settles?.rules_left_out,
      'no-other-loss': 'the primary has no pods from the promotion on, and half of the users go there',
      'traffic-share': 'one side of the split has no pods, so it cannot have its share',
      'routes-agree': 'Traefik leaves the whole route out while one side of it has no pods',
      alert: 'users lose what the primary would have served, so the alert may fire',
    },
  },
};

/** The share of good answers, with a lower limit, in the place of the share of bad ones. */
const lowerLimit: Reshape = together(
  eachOf('MetricTemplate', (object) =>
    setting(object, ['spec', 'query'], (query) => `100 - (\n${String(query)})`),
  ),
  eachOf('Canary', (object) =>
    setting(object, ['spec', 'analysis', 'metrics', 0], (metric) => ({
      ...Object(metric),
      thresholdRange: { min: 95 },
    })),
  ),
);

/** What Flagger's present version is known to break. */
export const FLAGGER_KNOWN_BREAKS: readonly KnownBreak[] = [
  broken(
    { name: 'silent-deadline', title: 'F8: nobody is told of a rollback at the progress deadline' },
    {
      release: 'crash-at-start',
      expected: 'rollback',
      bad_answers_pct: 0,
      canary,
      load: 'steady-300',
      extras: { until: phaseThenLoad(['Failed'], AFTER_S) },
      settles: { contracts: ['F7', 'F8'], rules_left_out: { ...NEVER_SERVES, ...NEVER_READY } },
    },
    { contract: 'F8', thread: 'fluxcd/flagger#1816' },
  ),
  broken(
    {
      name: 'primary-keeps-traffic',
      title:
        'F9: behind Traefik a primary that failed keeps its share, and without pods takes the canary down',
    },
    outage,
    { contract: 'F9', thread: 'pkg/apis/traefik/v1alpha1/types.go' },
  ),
  broken(
    { name: 'empty-primary', title: 'F35: a primary without pods does not halt the rollout' },
    PRIMARY_EMPTIED,
    { contract: 'F35', thread: 'pkg/canary/deployment_ready.go' },
  ),
  broken(
    { name: 'infinite', title: 'F5: a release that fails half of its requests is promoted on +Inf' },
    {
      ...BAD_RELEASE,
      canary: {
        interval_s: 10,
        threshold: 3,
        step_weight_pct: 30,
        max_weight_pct: 60,
        metrics_address: METRICS_PROXY_ADDRESS,
        check_name: 'success-rate',
      },
      reshape: lowerLimit,
      extras: {
        during: [lie('two_series', weightReached(30)), lie('infinite', weightReached(60))],
        until: phaseThenLoad(['Succeeded', 'Failed'], 6),
      },
      settles: {
        contracts: ['F5'],
        rules_left_out: {
          ...NEVER_ROLLED_BACK,
          'judge-saw': 'the check is made to see something else than users met',
        },
      },
    },
    { contract: 'F5', thread: 'pkg/metrics/providers/prometheus.go' },
  ),
  broken(
    {
      name: 'starts-again',
      title:
        'F15: at weight 0 a closed gate of further traffic lets analysis and pre-rollout hooks start again and again',
    },
    {
      release: 'good',
      expected: 'hold',
      bad_answers_pct: 0,
      canary,
      load: 'steady-300',
      reshape: webhooks([hook(HOOKS.pre_rollout), hook(HOOKS.confirm_increase)]),
      extras: {
        prepared: (act) => gateOf(act, HOOKS.confirm_increase, GATE_CLOSED),
        until: refused(HOOKS.confirm_increase, 3),
      },
      settles: { contracts: ['F15'], rules_left_out: NEVER_SERVES },
    },
    { contract: 'F15', thread: 'fluxcd/flagger#1248' },
  ),
  broken(
    {
      name: 'rollback-unreachable',
      title:
        'F17: a rollback that is asked for while the pods are not ready comes with the progress deadline only',
    },
    {
      release: 'never-ready',
      expected: 'rollback',
      bad_answers_pct: 0,
      canary: { ...canary, progress_deadline_s: 30 },
      load: 'steady-300',
      reshape: webhooks([hook(HOOKS.rollback)]),
      extras: {
        prepared: (act) => gateOf(act, HOOKS.rollback, GATE_CLOSED),
        during: [
          {
            // The rule of the contract finds the act by this name.
            name: 'ask for the rollback',
            title: 'asking for the rollback while the pods are not ready',
            when: phaseSeen('Progressing'),
            act: (act) => gateOf(act, HOOKS.rollback, GATE_OPEN),
          },
        ],
        until: phaseThenLoad(['Failed'], 5),
      },
      settles: { contracts: ['F17'], rules_left_out: { ...NEVER_SERVES, ...NEVER_READY } },
    },
    { contract: 'F17', thread: 'fluxcd/flagger#1268' },
  ),
];

/** What the version before the present one is known to break, and the present one keeps. */
export const FLAGGER_1_43_BREAKS: readonly KnownBreak[] = [
  broken(
    {
      name: 'promotion-outage',
      title: 'F9: all traffic goes to a primary that failed, and the canary is deleted',
    },
    { ...outage, gateway: 'contour' },
    { contract: 'F9', thread: 'fluxcd/flagger#1898' },
  ),
  broken(
    {
      name: 'deletion-outage',
      title: 'F33: a deleted Canary hands the traffic back to a target that is not ready',
    },
    {
      ...DELETED_UNREADY,
      settles: {
        contracts: ['F33'],
        rules_left_out: {
          ...DELETED_UNREADY.settles?.rules_left_out,
          'no-other-loss': 'the loss is what the contract is about',
          'routes-agree': 'the route goes with the Canary that owns it',
        },
      },
    },
    { contract: 'F33', thread: 'fluxcd/flagger#1939' },
  ),
  broken(
    { name: 'no-last-hook', title: 'F18: a promotion without analysis runs no post-rollout hook' },
    {
      ...GOOD_RELEASE,
      canary,
      reshape: together(canarySpec({ skipAnalysis: true }), webhooks([hook(HOOKS.post_rollout)])),
      extras: { until: phaseThenLoad(['Succeeded', 'Failed'], 8) },
      settles: {
        contracts: ['F18'],
        rules_left_out: {
          promoted: 'without an analysis it counts as promoted before the primary runs it',
          'traffic-share': 'without an analysis no share is ever declared',
          'judge-saw': 'without an analysis nothing is measured',
        },
      },
    },
    { contract: 'F18', thread: 'fluxcd/flagger#1918' },
  ),
  ...FLAGGER_CONFIGURATION.filter(({ name }) => name === 'init-container').map((row) =>
    broken(
      {
        name: row.name,
        title: "F20: the primary's init containers read the canary's maps, not the primary's copies",
      },
      row.rollout,
      { contract: 'F20', thread: 'fluxcd/flagger#1925' },
    ),
  ),
];
