import type { KubeObject } from '#harness/core/kubernetes.ts';
import { AUTOSCALER, DEPLOYMENT } from '#harness/kube/recording.ts';
import { made } from '#harness/stack/shop-manifests.ts';
import { SHOP } from '#harness/stack/shop.ts';
import { canarySpec, deploymentSpec } from '../canary-shapes.ts';
import { weightReached } from '../moments.ts';
import type { AnyRolloutAct, LoadedAct } from '../rollout-extras.ts';
import type { FlaggerCase } from './case.ts';
import { watchKinds } from './canary-waits.ts';
import { together } from './reshape.ts';

/** Pods of the primary under load: more than the autoscaler's floor, fewer than its ceiling. */
const PRIMARY_PODS = 4;

/** Longest time until the primary has them, in seconds: new pods of a release that is slow to start. */
const SCALED_S = 45;

/**
 * Without a metrics server an autoscaler cannot follow the load, but it holds its ends: below the floor it scales up,
 * in between it leaves a number that somebody chose.
 */
const autoscaler: KubeObject = {
  apiVersion: AUTOSCALER.api_version,
  kind: AUTOSCALER.kind,
  metadata: { name: SHOP },
  spec: {
    scaleTargetRef: { apiVersion: DEPLOYMENT.api_version, kind: DEPLOYMENT.kind, name: SHOP },
    minReplicas: 2,
    maxReplicas: 5,
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
      },
    ],
  },
};

/** As the primary's autoscaler would have done under the load. */
async function scalePrimary({ run, ctx, namespace }: AnyRolloutAct): Promise<void> {
  const primary = { ...DEPLOYMENT, namespace, name: `${SHOP}-primary` };
  await run.phase('scale the primary', `giving the primary ${PRIMARY_PODS} pods`, () =>
    ctx.kube.scale(primary, PRIMARY_PODS, {
      deadline_s: SCALED_S,
      progress: run.progress,
      signal: run.signal,
    }),
  );
}

async function raiseFloor({ ctx, namespace }: LoadedAct): Promise<void> {
  await ctx.kube.patch({ ...AUTOSCALER, namespace, name: SHOP }, { spec: { minReplicas: 3 } });
}

/** What a rollout does beside autoscalers. */
export const FLAGGER_SCALING: readonly FlaggerCase[] = [
  {
    name: 'autoscaled',
    title: 'F24: autoscalers and a rollout do not disturb each other',
    rollout: {
      release: 'slow-start',
      expected: 'promotion',
      bad_answers_pct: 0,
      canary: { interval_s: 10, threshold: 3, step_weight_pct: 50, max_weight_pct: 50 },
      // The pods are slow to start three times: at first, when the floor is raised, and in the primary.
      declares: { held_s: 75 },
      load: 'steady-300',
      reshape: together(
        canarySpec({ autoscalerRef: { ...apiVersionOf(autoscaler), name: SHOP } }),
        deploymentSpec({ strategy: { rollingUpdate: { maxSurge: '100%', maxUnavailable: 0 } } }),
      ),
      beside: [made(autoscaler)],
      extras: {
        prepared: async (act) => {
          const watching = await watchKinds(act, 'autoscalers', [AUTOSCALER]);
          await scalePrimary(act);
          return watching;
        },
        during: [
          {
            name: 'raise the floor',
            title: "raising the floor of the canary's autoscaler",
            when: weightReached(50),
            act: raiseFloor,
          },
        ],
      },
      settles: { contracts: ['F24'] },
    },
  },
];

function apiVersionOf({ apiVersion, kind }: KubeObject): object {
  return { apiVersion, kind };
}
