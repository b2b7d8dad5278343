import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { nameOf, numberAt } from '#harness/core/kubernetes.ts';
import { DEPLOYMENT, ROLLOUT } from '#harness/kube/recording.ts';
import type { ObjectRef } from '#harness/kube/wait.ts';
import { freshId } from '#harness/lease/receipt.ts';
import { defineFault, type FaultContext } from './fault.ts';
import { startLoop, stopLoop } from './loops.ts';

const KINDS = { Deployment: DEPLOYMENT, Rollout: ROLLOUT } as const;

const count = (what: string) =>
  v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(6), v.description(what));

const State = v.object({
  loop: v.string(),
  kind: v.picklist(['Deployment', 'Rollout']),
  namespace: v.string(),
  name: v.string(),
  before: v.number(),
  low: v.number(),
  high: v.number(),
  every_s: v.number(),
});
type State = v.InferOutput<typeof State>;

function refOf({ kind, namespace, name }: Pick<State, 'kind' | 'namespace' | 'name'>): ObjectRef {
  return { ...KINDS[kind], namespace, name };
}

async function replicasOf({ kube }: FaultContext, state: State): Promise<number | undefined> {
  return numberAt(await kube.get(refOf(state)), 'spec', 'replicas');
}

/**
 * An autoscaler needs a metrics API, which this stack has none of; what it does to a workload is this and nothing else.
 * A workload at 0 pods is left alone, as an autoscaler leaves it.
 */
export const hpaFights = defineFault({
  name: 'hpa-fights',
  breaks: 'sets the number of pods of a workload to and fro, as an autoscaler does whose metric swings',
  radius: { reach: 'own', pods_max: 0 },
  options: v.strictObject({
    kind: v.pipe(
      v.optional(v.picklist(['Deployment', 'Rollout']), 'Deployment'),
      v.description('of the workload'),
    ),
    name: v.pipe(v.string(), v.minLength(1), v.description('of the workload')),
    low: v.optional(count('fewest pods that are asked for; 1 when absent'), 1),
    high: v.optional(count('most pods that are asked for; 4 when absent'), 4),
    every_s: v.optional(
      v.pipe(
        v.number(),
        v.minValue(1),
        v.maxValue(60),
        v.description('time between two changes, in seconds'),
      ),
      5,
    ),
  }),
  state: State,
  example: () => ({ name: 'shop', low: 2, high: 3, every_s: 1 }),
  async plan(ctx, { kind, name, low, high, every_s }, namespace) {
    if (low >= high) throw new UsageError('hpa-fights: low must be below high');
    const object = await ctx.kube.get(refOf({ kind, namespace, name }));
    const before = numberAt(object, 'spec', 'replicas');
    if (object === undefined || before === undefined) {
      throw new UsageError(`there is no ${kind}/${namespace}/${name} with a number of pods`);
    }
    return {
      targets: [nameOf(object)],
      harm: `it has between ${low} and ${high} pods, whatever was declared`,
      state: { loop: `hpa-fights-${freshId()}`, kind, namespace, name, before, low, high, every_s },
    };
  },
  inject(ctx, state) {
    startLoop(state.loop, state.every_s * 1000, async (turn) => {
      if ((await replicasOf(ctx, state)) === 0) return;
      await ctx.kube.patch(refOf(state), { spec: { replicas: turn % 2 === 0 ? state.high : state.low } });
    });
    return Promise.resolve();
  },
  async probeOn(ctx, state) {
    const now = await replicasOf(ctx, state);
    return { holds: now === state.high || now === state.low, seen: `${now ?? 'no'} pods are asked for` };
  },
  async heal(ctx, state) {
    await stopLoop(state.loop);
    const now = await replicasOf(ctx, state);
    // Any other number is another's, and stays.
    if (now === state.high || now === state.low) {
      await ctx.kube.patch(refOf(state), { spec: { replicas: state.before } });
    }
  },
  async probeOff(ctx, state) {
    const [now, ready] = await Promise.all([
      replicasOf(ctx, state),
      ctx.kube.get(refOf(state)).then((one) => numberAt(one, 'status', 'readyReplicas') ?? 0),
    ]);
    // A workload that is gone, or was scaled by its owner meanwhile, has nothing left of it.
    return {
      holds: now === undefined || ready >= now,
      seen: `${now ?? 'no'} pods are asked for, ${ready} are ready`,
    };
  },
});
