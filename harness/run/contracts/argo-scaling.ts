import { setTimeout as delay } from 'node:timers/promises';
import { AUTOSCALER, ROLLOUT } from '#harness/kube/recording.ts';
import { SHOP } from '#harness/stack/shop.ts';
import { made } from '#harness/stack/shop-manifests.ts';
import type { LoadedAct } from '../rollout-extras.ts';
import { edit, moment, now, pausedAt, script, stableNow, touching } from './argo-acts.ts';
import { GOOD_RELEASE, type ArgoCase } from './case.ts';

const FEW = 2;
const MANY = 4;
/** An autoscaler that needs no metrics to decide: it may want nothing but this number of pods. */
async function autoscale({ ctx, namespace }: LoadedAct, replicas: number): Promise<void> {
  const autoscaler = made({
    apiVersion: AUTOSCALER.api_version,
    kind: AUTOSCALER.kind,
    metadata: { name: SHOP, namespace },
    spec: {
      scaleTargetRef: { apiVersion: ROLLOUT.api_version, kind: ROLLOUT.kind, name: SHOP },
      minReplicas: replicas,
      maxReplicas: replicas,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
        },
      ],
    },
  });
  await ctx.kube.apply([autoscaler], { namespace });
}

/** What others do to a Rollout on its way. */
export const ARGO_SCALING: readonly ArgoCase[] = [
  {
    name: 'mid-canary',
    title:
      'A27, A28: a canary that is scaled by an autoscaler and by hand, and written by others all the time, keeps its pods and comes to its end',
    rollout: {
      ...GOOD_RELEASE,
      rollout: { replicas: FEW, steps: [{ weight_pct: 50, pause_s: 35 }], scale_down_delay_s: 3 },
      extras: script(
        moment('write', 'writing the Rollout and its ReplicaSets all the time', pausedAt(50), touching),
        moment(
          'scale up',
          `letting an autoscaler ask for ${MANY} pods`,
          now('being written', ({ touched }) => touched !== undefined),
          (act) => autoscale(act, MANY),
        ),
        moment(
          'scale down',
          `scaling to ${FEW} pods by hand`,
          now('scaled up', ({ replicas, available }) => replicas === MANY && Number(available) >= MANY + 2),
          async (act) => {
            await act.ctx.kube.beginRemoval({ ...AUTOSCALER, namespace: act.namespace, name: SHOP });
            await delay(1_000, undefined, { signal: act.run.signal });
            await edit({ replicas: FEW })(act);
          },
        ),
        moment('promoted', 'waiting for the promotion', stableNow('v2', 60)),
      ),
      settles: {
        contracts: ['A21', 'A27', 'A28'],
        rules_left_out: { 'every-step': 'A27 and A28 judge what the canary goes through' },
      },
    },
  },
];
