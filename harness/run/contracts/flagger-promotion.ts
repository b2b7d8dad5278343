import { stringify } from 'yaml';
import type { Reshape } from '#harness/stack/shop.ts';
import { NEXT } from '../rollout-run.ts';
import { weightReached } from '../moments.ts';
import type { FlaggerRollout } from '../flagger-rollout.ts';
import { GOOD_RELEASE, type FlaggerCase } from './case.ts';
import { actThenLoad, either, phaseThenLoad } from './flagger-until.ts';
import { PROMOTION_FAILS } from './left-out.ts';
import { container, deploymentOf, documentOf, setting, together, withEnv } from './reshape.ts';

const quick = { interval_s: 10, threshold: 2, step_weight_pct: 50, max_weight_pct: 50 } as const;

/** How Flagger labels the pods of the two workloads. */
const ROLES = ['shop', 'shop-primary'] as const;

/** The release reads another document as the primary than as the canary, by the label that tells Flagger's pods apart. */
export function asPrimary(behaviour: object): Reshape {
  const [canary, primary] = ROLES;
  return together(
    documentOf(NEXT, (object) =>
      setting(object, ['data'], (data) => ({
        ...Object(data),
        [`${canary}.yaml`]: stringify({ release: NEXT }),
        [`${primary}.yaml`]: stringify({ release: NEXT, behaviour }),
      })),
    ),
    deploymentOf(
      NEXT,
      container((one) => {
        const app = { name: 'APP', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } };
        const file = { name: 'RELEASE_FILE', value: '/etc/shop/$(APP).yaml' };
        return withEnv(one, [app, file]);
      }),
    ),
  );
}

/** The release is well as the canary, and never ready as the primary. */
export const FAILED_PROMOTION: FlaggerRollout = {
  ...GOOD_RELEASE,
  canary: { ...quick, progress_deadline_s: 20 },
  reshape: asPrimary({ never_ready: true }),
  extras: { until: phaseThenLoad(['Failed'], 2 * quick.interval_s + 5) },
  settles: { contracts: ['F9'], rules_left_out: PROMOTION_FAILS },
};

/** What happens when the release is copied to the primary. */
export const FLAGGER_PROMOTION: readonly FlaggerCase[] = [
  {
    name: 'slow-start',
    title:
      'F11, F36: a release that is slow to start is promoted without loss: the canary goes once the primary is ready, and the metrics say so',
    rollout: {
      release: 'slow-start',
      expected: 'promotion',
      bad_answers_pct: 0,
      canary: quick,
      load: 'steady-300',
      extras: { until: phaseThenLoad(['Succeeded', 'Failed'], 12) },
      settles: {
        contracts: ['F11', 'F36'],
        rules_left_out: { promoted: 'its budget is for pods that are ready within one interval' },
      },
    },
  },
  {
    name: 'primary-fails',
    title: 'F9: a primary that fails during the promotion leaves users on the healthy canary',
    // Behind Traefik the canary never gets everything: see the known breaks.
    rollout: { ...FAILED_PROMOTION, gateway: 'contour' },
  },
];

/** Name of the act that takes the primary's pods away. */
const EMPTIED = 'no pods of the primary';

/** The primary is scaled to nothing in the middle of the analysis. */
export const PRIMARY_EMPTIED: FlaggerRollout = {
  release: 'good',
  expected: 'hold',
  bad_answers_pct: 0,
  canary: { ...quick, step_weight_pct: 20 },
  load: 'steady-300',
  extras: {
    during: [
      {
        name: EMPTIED,
        title: 'scaling the primary to no pods',
        when: weightReached(20),
        act: async ({ ctx, namespace }) => {
          await ctx.kube.patch(
            { api_version: 'apps/v1', kind: 'Deployment', namespace, name: 'shop-primary' },
            { spec: { replicas: 0 } },
          );
        },
      },
    ],
    until: either(weightReached(40), actThenLoad(EMPTIED, 3 * quick.interval_s + 2)),
  },
  settles: {
    contracts: ['F35'],
    rules_left_out: {
      held: 'the former release has no pods any more, so it cannot serve',
      'traffic-share': 'one side of the split has no pods',
      'routes-agree': 'Traefik leaves the whole route out while one side of it has no pods',
      'no-other-loss': 'users lose what the primary would have served, whatever Flagger does',
      alert: 'users lose what the primary would have served, whatever Flagger does',
      'fault-took': 'nothing bad is shipped, and few meet the release before the route is gone',
    },
  },
};
