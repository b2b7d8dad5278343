import { type Reshape, shopCanary } from '#harness/stack/shop.ts';
import { at, listAt } from '#harness/core/kubernetes.ts';
import { NEVER_SERVES, NEXT } from '../rollout-run.ts';
import { abortSeen } from '../moments.ts';
import type { FlaggerRollout } from '../flagger-rollout.ts';
import type { Moment } from '../rollout-extras.ts';
import type { FlaggerCase } from './case.ts';
import { actThenLoad, phaseThenLoad } from './flagger-until.ts';
import { NEVER_READY } from './left-out.ts';
import { CONTAINERS, container, deploymentOf, eachOf, setting, withEnv } from './reshape.ts';

const DEADLINE_S = 20;

/** Whole seconds of load after the end, by which it is told who serves. */
export const AFTER_S = 12;

/** A reference that no cluster has. */
const noImage: Reshape = deploymentOf(
  NEXT,
  container((one) => ({ ...one, image: 'mettle.invalid/shop:missing' })),
);

/** One more container of the same image on a port of its own. */
function beside(shop: object, index: number, ready: boolean): object {
  const port = 8081 + index;
  const probe = { httpGet: { path: '/readyz', port: ready ? port : 9 }, periodSeconds: 1 };
  const env = { name: 'PORT', value: String(port) };
  return {
    ...withEnv(shop, [env]),
    ports: [],
    livenessProbe: undefined,
    name: `beside-${index}`,
    readinessProbe: probe,
  };
}

/** Three more containers, the last of which is never ready. */
const threeOfFour: Reshape = deploymentOf(NEXT, (object) =>
  setting(object, CONTAINERS, (containers) => {
    const shop: unknown = at(containers, 0);
    const more = [true, true, false].map((ready, index) => beside(Object(shop), index, ready));
    return [...listAt({ containers }, 'containers'), ...more];
  }),
);

const canary = {
  interval_s: 10,
  threshold: 2,
  step_weight_pct: 10,
  max_weight_pct: 50,
  progress_deadline_s: DEADLINE_S,
} as const;

/** Name of the act that removes the Canary. */
const DELETED = 'deletion of the Canary';

/** The Canary goes while its target cannot become ready; what Flagger waits with is let go at the end. */
const deletion: Moment = {
  name: DELETED,
  title: 'deleting the Canary',
  when: abortSeen,
  act: async ({ ctx, namespace }) => {
    const ref = shopCanary(namespace);
    await ctx.kube.beginRemoval(ref);
    return {
      [Symbol.asyncDispose]: async () => {
        if ((await ctx.kube.get(ref)) !== undefined) {
          await ctx.kube.patch(ref, { metadata: { finalizers: [] } });
        }
      },
    };
  },
};

/** A Canary that is to revert to its target is deleted while the target's pods are not ready. */
export const DELETED_UNREADY: FlaggerRollout = {
  release: 'never-ready',
  expected: 'rollback',
  bad_answers_pct: 0,
  canary,
  load: 'steady-300',
  reshape: eachOf('Canary', (object) => setting(object, ['spec', 'revertOnDeletion'], () => true)),
  extras: { during: [deletion], until: actThenLoad(DELETED, 25) },
  settles: {
    contracts: ['F33'],
    rules_left_out: {
      ...NEVER_SERVES,
      ...NEVER_READY,
      'canary-gone': 'the deletion asks for the pods of the target again',
      'healthy-after': 'the target stays unready, because it was made so',
    },
  },
};

/** What becomes of releases whose pods do not become ready. */
export const FLAGGER_READINESS: readonly FlaggerCase[] = [
  {
    name: 'missing-image',
    title: 'F7: a release whose image cannot be pulled is rolled back at the progress deadline',
    rollout: {
      release: 'good',
      expected: 'rollback',
      bad_answers_pct: 0,
      canary,
      load: 'steady-300',
      reshape: noImage,
      extras: { until: phaseThenLoad(['Failed'], AFTER_S) },
      settles: { contracts: ['F7'], rules_left_out: { ...NEVER_SERVES, ...NEVER_READY } },
    },
  },
  {
    name: 'three-of-four',
    title:
      'F7: a release with one container of four that is never ready is rolled back at the progress deadline',
    rollout: {
      release: 'good',
      expected: 'rollback',
      bad_answers_pct: 0,
      canary,
      load: 'steady-300',
      reshape: threeOfFour,
      extras: { until: phaseThenLoad(['Failed'], AFTER_S) },
      settles: { contracts: ['F7'], rules_left_out: { ...NEVER_SERVES, ...NEVER_READY } },
    },
  },
  {
    name: 'deletion',
    title: 'F33: a Canary that is deleted while its target is not ready leaves the primary serving',
    rollout: DELETED_UNREADY,
  },
];
