import { listAt } from '#harness/core/kubernetes.ts';
import type { FlaggerSpec } from '#harness/core/rollout-spec.ts';
import type { Reshape } from '#harness/stack/shop.ts';
import { eachOf, setting } from './contracts/reshape.ts';

/** What a scenario declares of an analysis beyond interval, threshold and equal weights. */
export type DeclaredAnalysis = Pick<
  FlaggerSpec,
  'step_weights_pct' | 'step_weight_promotion_pct' | 'iterations' | 'held_s'
>;

type Fields = Readonly<Record<string, unknown>>;

/** Adds fields to a part of the objects of a kind; a field that is undefined is taken away. */
function adding(kind: string, path: readonly [string, ...string[]], fields: Fields): Reshape {
  return eachOf(kind, (object) => setting(object, path, (known) => ({ ...Object(known), ...fields })));
}

/** Changes what the shop's Canary says at its top: `skipAnalysis`, `autoscalerRef`, `provider`. */
export function canarySpec(fields: Fields): Reshape {
  return adding('Canary', ['spec'], fields);
}

/** Changes the analysis of the shop's Canary. */
export function analysis(fields: Fields): Reshape {
  return adding('Canary', ['spec', 'analysis'], fields);
}

/** Changes the shop's Deployment itself. */
export function deploymentSpec(fields: Fields): Reshape {
  return adding('Deployment', ['spec'], fields);
}

/** Changes the pods that the shop's Deployment makes. */
export function podSpec(fields: Fields): Reshape {
  return adding('Deployment', ['spec', 'template', 'spec'], fields);
}

/** Writes into the Canary what the scenario declares of its analysis. */
export function declaredAnalysis(declared: DeclaredAnalysis): Reshape {
  const { step_weights_pct, step_weight_promotion_pct, iterations } = declared;
  // Flagger's definitions refuse an analysis that names two of equal steps, listed steps and iterations.
  const others = { stepWeight: undefined, maxWeight: undefined };
  return analysis({
    ...(step_weights_pct ? { ...others, stepWeights: step_weights_pct } : {}),
    ...(step_weight_promotion_pct === undefined ? {} : { stepWeightPromotion: step_weight_promotion_pct }),
    ...(iterations === undefined ? {} : { ...others, iterations }),
  });
}

/** One of Flagger's webhooks, as a Canary lists it. */
export interface Hook {
  readonly name: string;
  /** `confirm-rollout`, `pre-rollout`, `rollout`, `confirm-traffic-increase`, `confirm-promotion`, `post-rollout`, `rollback` or `event`. */
  readonly type: string;
  readonly url: string;
  readonly timeout?: string;
}

/** Gives the Canary webhooks. */
export function webhooks(hooks: readonly Hook[]): Reshape {
  return analysis({ webhooks: hooks });
}

/** Leads the shop's route to its one Service: nothing is split. */
export const plainRoute: Reshape = eachOf('IngressRoute', (object) =>
  setting(object, ['spec', 'routes'], () =>
    listAt(object, 'spec', 'routes').map((route) => ({
      ...Object(route),
      services: [{ kind: 'Service', name: object.metadata.name, port: 80 }],
    })),
  ),
);
