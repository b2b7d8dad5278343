import { type KubeObject, listAt } from '#harness/core/kubernetes.ts';
import type { FlaggerSpec } from '#harness/core/timeline.ts';
import type { Reshape } from '#harness/stack/shop.ts';

/** What a scenario declares of an analysis beyond interval, threshold and equal weights. */
export type DeclaredAnalysis = Pick<
  FlaggerSpec,
  'step_weights_pct' | 'step_weight_promotion_pct' | 'iterations' | 'held_s'
>;

type Fields = Readonly<Record<string, unknown>>;

/** Adds fields to a part of an object; a field that is undefined is taken away. */
function withFields(object: KubeObject, path: readonly string[], fields: Fields): KubeObject {
  const put = (value: unknown, [step, ...rest]: readonly string[]): Fields => {
    const known: Fields = Object(value);
    if (step === undefined) return { ...known, ...fields };
    return { ...known, [step]: put(known[step], rest) };
  };
  return { ...object, ...put(object, path) };
}

/** Changes what the shop's Canary says at its top: `skipAnalysis`, `autoscalerRef`, `provider`. */
export function canarySpec(fields: Fields): Reshape {
  return (object) => (object.kind === 'Canary' ? withFields(object, ['spec'], fields) : object);
}

/** Changes the analysis of the shop's Canary. */
export function analysis(fields: Fields): Reshape {
  return (object) => (object.kind === 'Canary' ? withFields(object, ['spec', 'analysis'], fields) : object);
}

/** Several changes, one after the other. */
export function all(...shapes: readonly Reshape[]): Reshape {
  return (object) => shapes.reduce((shaped, shape) => shape(shaped), object);
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
  readonly retries?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Gives the Canary webhooks. */
export function webhooks(hooks: readonly Hook[]): Reshape {
  return analysis({ webhooks: hooks });
}

/** Changes the shop's Deployment itself. */
export function deploymentSpec(fields: Fields): Reshape {
  return (object) => (object.kind === 'Deployment' ? withFields(object, ['spec'], fields) : object);
}

/** Changes the pods that the shop's Deployment makes. */
export function podSpec(fields: Fields): Reshape {
  return (object) =>
    object.kind === 'Deployment' ? withFields(object, ['spec', 'template', 'spec'], fields) : object;
}

/** Gives the shop's container further variables, without touching those that it has. */
export function containerEnv(env: readonly object[]): Reshape {
  return (object) => {
    if (object.kind !== 'Deployment') return object;
    const containers = listAt(object, 'spec', 'template', 'spec', 'containers').map((container) => ({
      ...Object(container),
      env: [...listAt(container, 'env'), ...env],
    }));
    return podSpec({ containers })(object);
  };
}

/** Leads the shop's route to its one Service: nothing is split. */
export const plainRoute: Reshape = (object) =>
  object.kind === 'IngressRoute'
    ? withFields(object, ['spec'], {
        routes: listAt(object, 'spec', 'routes').map((route) => ({
          ...Object(route),
          services: [{ kind: 'Service', name: object.metadata.name, port: 80 }],
        })),
      })
    : object;
