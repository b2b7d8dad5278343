import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { at, nameOf } from '#harness/core/kubernetes.ts';
import { DEPLOYMENT, ROLLOUT, SERVICE } from '#harness/kube/recording.ts';
import type { ObjectRef } from '#harness/kube/wait.ts';
import { freshId } from '#harness/lease/receipt.ts';
import { defineFault } from './fault.ts';
import { startLoop, stopLoop, turnsOf } from './loops.ts';

const TRAEFIK_SERVICE = { api_version: 'traefik.io/v1alpha1', kind: 'TraefikService' } as const;

/** The fields that a tool which applies a whole repository writes, and a rollout controller changes. */
const FIELDS: Readonly<
  Record<
    string,
    {
      readonly ref: typeof DEPLOYMENT | typeof ROLLOUT | typeof TRAEFIK_SERVICE | typeof SERVICE;
      readonly path: readonly string[];
    }
  >
> = {
  Deployment: { ref: DEPLOYMENT, path: ['spec', 'replicas'] },
  Rollout: { ref: ROLLOUT, path: ['spec', 'replicas'] },
  TraefikService: { ref: TRAEFIK_SERVICE, path: ['spec', 'weighted', 'services'] },
  Service: { ref: SERVICE, path: ['spec', 'selector'] },
};

const State = v.object({
  loop: v.string(),
  kind: v.picklist(['Deployment', 'Rollout', 'TraefikService', 'Service']),
  namespace: v.string(),
  name: v.string(),
  every_s: v.number(),
  /** What is put back each time. */
  declared: v.unknown(),
});
type State = v.InferOutput<typeof State>;

function refOf({ kind, namespace, name }: Pick<State, 'kind' | 'namespace' | 'name'>): ObjectRef {
  return { ...(FIELDS[kind]?.ref ?? DEPLOYMENT), namespace, name };
}

function patchOf({ kind, declared }: State): object {
  const path = FIELDS[kind]?.path ?? [];
  return Object(path.reduceRight<unknown>((inside, key) => ({ [key]: inside }), declared));
}

/**
 * What it puts back is what it found: so there is nothing to undo once it stops, and whoever owns the fields has the last
 * word.
 */
export const gitopsReapplies = defineFault({
  name: 'gitops-reapplies',
  breaks: 'sets the number of pods or the routes of the shop back, again and again, to what they were before',
  radius: { reach: 'own', pods_max: 0 },
  options: v.strictObject({
    kind: v.pipe(
      v.picklist(['Deployment', 'Rollout', 'TraefikService', 'Service']),
      v.description('Deployment or Rollout: replicas; TraefikService: weights; Service: selector'),
    ),
    name: v.pipe(v.string(), v.minLength(1), v.description('of the object')),
    every_s: v.optional(
      v.pipe(
        v.number(),
        v.minValue(0.2),
        v.maxValue(60),
        v.description('time between two applies, in seconds'),
      ),
      3,
    ),
  }),
  state: State,
  example: () => ({ kind: 'Deployment' as const, name: 'shop', every_s: 0.5 }),
  async plan({ kube }, { kind, name, every_s }, namespace) {
    const object = await kube.get(refOf({ kind, namespace, name }));
    const declared = object === undefined ? undefined : at(object, ...(FIELDS[kind]?.path ?? []));
    if (object === undefined || declared === undefined) {
      throw new UsageError(`there is no ${kind}/${namespace}/${name} with such a field`);
    }
    return {
      targets: [nameOf(object)],
      harm: 'what a controller declares there lasts for seconds only',
      state: { loop: `gitops-reapplies-${freshId()}`, kind, namespace, name, every_s, declared },
    };
  },
  inject({ kube }, state) {
    startLoop(state.loop, state.every_s * 1000, async () => {
      await kube.patch(refOf(state), patchOf(state));
    });
    return Promise.resolve();
  },
  probeOn: (_ctx, { loop, every_s }) => {
    const turns = turnsOf(loop);
    return Promise.resolve({ holds: turns >= 2, seen: `applied ${turns} times, every ${every_s} s` });
  },
  heal: (_ctx, { loop }) => stopLoop(loop),
  probeOff: (_ctx, { loop }) => {
    const turns = turnsOf(loop);
    return Promise.resolve({ holds: turns === 0, seen: turns === 0 ? 'nobody applies' : 'it goes on' });
  },
});
