import { at, type KubeObject, listAt } from '#harness/core/kubernetes.ts';
import type { RolloutOptions } from '#harness/stack/rollout-options.ts';
import type { Reshape } from '#harness/stack/shop.ts';
import { moment, rolloutWith, scaledDown, script, ship, stableNow } from './argo-acts.ts';
import { GOOD_RELEASE, type ArgoCase } from './case.ts';
import { setting, together } from './reshape.ts';

const PREVIEW_REPLICAS = 1;
export const SCALE_DOWN_DELAY_S = 14;

/** A preview of fewer pods than the release has in the end; the analysis before the switch expects no more. */
const fewPreviews: Reshape = (object: KubeObject) =>
  object.kind === 'AnalysisTemplate' && object.metadata.name === 'preview-up'
    ? setting(object, ['spec', 'metrics'], () =>
        listAt(object, 'spec', 'metrics').map((metric) => ({
          ...Object(metric),
          successCondition: String(at(metric, 'successCondition')).replace(
            /== \d+/,
            `== ${PREVIEW_REPLICAS}`,
          ),
        })),
      )
    : object;

export const SMALL_PREVIEW: Reshape = together(
  rolloutWith(() => ({ strategy: { previewReplicaCount: PREVIEW_REPLICAS } })),
  fewPreviews,
);

/** Analyses and pauses of a blue/green release as short as they can be seen in. */
export const BRIEF = {
  strategy: 'blue-green',
  replicas: 2,
  initial_delay_s: 7,
  interval_s: 3,
  measurements: 1,
  failure_limit: 0,
  auto_promotion_s: 4,
  scale_down_delay_s: SCALE_DOWN_DELAY_S,
} as const satisfies RolloutOptions;

/** From one set of pods to another, and back. */
export const ARGO_BLUE_GREEN: readonly ArgoCase[] = [
  {
    name: 'forth-and-back',
    title:
      'A17, A20, A21: a blue/green release is switched to in its order, back at once inside the scale-down delay, and to once more, with no failed request',
    rollout: {
      ...GOOD_RELEASE,
      rollout: BRIEF,
      extras: script(
        moment('switch back', 'applying v1 again, inside the delay', stableNow('v2', 75), ship('good', 'v1')),
        moment(
          'ship again',
          'applying v2 again, once its pods are gone',
          scaledDown('v2', SCALE_DOWN_DELAY_S + 45),
          ship('good', 'v2'),
        ),
        moment('served again', 'waiting for v2 to be stable again', stableNow('v2', 75)),
      ),
      settles: {
        contracts: ['A17', 'A20', 'A21'],
        rules_left_out: {
          'preview-hidden':
            'v1 serves again on purpose after the first switch; A17 judges what came before it',
          'chat-calm': 'the release is told of twice, because it is switched to twice',
        },
      },
    },
  },
];
