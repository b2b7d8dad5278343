import type { WorkloadScaleDown } from '#harness/stack/rollout-options.ts';
import { moment, script, stableNow } from './argo-acts.ts';
import { GOOD_RELEASE, type ArgoCase } from './case.ts';
import { eachOf, setting } from './reshape.ts';

const REPLICAS = 2;

/** A Deployment that nobody else scales names its pods in each apply: left out, their number falls back to one. */
const sized = eachOf('Deployment', (object) => setting(object, ['spec', 'replicas'], () => REPLICAS));

const handedOver = (way: WorkloadScaleDown, title: string): ArgoCase => ({
  name: way,
  title,
  rollout: {
    ...GOOD_RELEASE,
    from_deployment: true,
    rollout: {
      workload_scale_down: way,
      replicas: REPLICAS,
      steps: [{ weight_pct: 50, pause_s: 4 }],
      initial_delay_s: 20,
      scale_down_delay_s: 2,
    },
    ...(way === 'never' ? { reshape: sized } : {}),
    extras: script(moment('promoted', 'waiting for the promotion', stableNow('v2', 60))),
    settles: {
      contracts: ['A21', 'A22'],
      rules_left_out: {
        'workload-moved': 'A22 judges how the Deployment goes, or stays',
        'judge-saw': 'the rollout is over before anything is measured',
      },
    },
  },
});

/** A Deployment that a Rollout refers to. */
export const ARGO_WORKLOAD: readonly ArgoCase[] = [
  handedOver('never', 'A22: a Deployment that is never to be scaled down keeps its pods beside the Rollout'),
  handedOver('onsuccess', 'A22: a Deployment is scaled down only once its Rollout is healthy, without a gap'),
  handedOver(
    'progressively',
    'A22: a Deployment is scaled down as the pods of its Rollout become ready, without a gap',
  ),
];
