/** The loss of single parts of a cluster: each is destroyed under load, and comes back by the ordinary way. */
import { textAt } from '#harness/core/kubernetes.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { DEPLOYMENT, POD } from '#harness/kube/recording.ts';
import { isGone, type ObjectRef } from '#harness/kube/wait.ts';
import { FLUX_NAMESPACE } from '#harness/stack/flux.ts';
import { untilPhase } from '#harness/stack/shop.ts';
import { pushChange } from './commits.ts';
import { bootstrap, FLEET_READY_S, untilAllReady } from './ground.ts';
import { reconcile } from './flux-by-hand.ts';
import { lookUntil } from './look.ts';
import { type Losing, type Opening, recover, type RecoverOptions } from './recover.ts';
import { firstAnswer, step } from './steps.ts';
import { watchAlerts, watchRollouts } from './watches.ts';

/** A part, how it is destroyed, and the steps by which it comes back. */
export interface Part {
  /** As `RecoveryExpectation.loses`. */
  readonly loses: string;
  readonly how: string;
  /** The database has to be restored. */
  readonly restores?: boolean;
  /** Destroys it; what it gives is told to `regain`. Nothing must be left of it when it returns. */
  readonly destroy: (losing: Losing) => Promise<string | undefined>;
  readonly regain: (losing: Losing, told: string | undefined) => Promise<void>;
}

/** Longest time until an object that was removed is gone, in seconds. */
const GONE_S = 30;
const PROMOTED_S = 180;

/** Destroys a part of a cluster that was made from Git, lets it come back, and judges what users and their orders met. */
export async function losePart(opening: Opening, part: Part, options: RecoverOptions): Promise<Verdict> {
  const { loses, how, restores = false } = part;
  let told: string | undefined;
  return await recover(
    opening,
    {
      loses,
      restores,
      lose: async (losing) => {
        const at = Date.now();
        told = await part.destroy(losing);
        const { run, ground } = losing;
        run.timeline.record({
          at,
          source: 'recovery',
          kind: 'destroyed',
          subject: `Cluster/${ground.cluster.name}`,
          data: { what: loses, how },
        });
      },
      regain: async (losing) => {
        const { run, before } = losing;
        await part.regain(losing, told);
        await using kept = new AsyncDisposableStack();
        kept.use(await watchRollouts(run, before));
        kept.use(await watchAlerts(run, before));
        const all = kept.move();
        return { after: before, [Symbol.asyncDispose]: () => all.disposeAsync() };
      },
    },
    options,
  );
}

async function removeAll(losing: Losing, refs: readonly ObjectRef[]): Promise<void> {
  const { kube } = losing.before;
  await Promise.all(refs.map((ref) => kube.remove(ref, { deadline_s: GONE_S })));
}

async function podsGone({ before: { kube }, run }: Losing, namespace: string, labels: string): Promise<void> {
  const pods = await kube.list({ ...POD, namespace, labels });
  const { progress, signal } = run;
  const gone = pods.map(({ metadata: { name } }) =>
    kube.waitFor(isGone({ ...POD, namespace, name }), { deadline_s: GONE_S, progress, signal }),
  );
  await Promise.all(gone);
}

/** A workload that came from Git is removed, and its pods with it. */
function workloadOf(
  component: string,
  namespace: string,
): Pick<Part, 'destroy'> & { readonly ref: ObjectRef } {
  const ref = { ...DEPLOYMENT, namespace, name: component };
  return {
    ref,
    destroy: async (losing) => {
      await removeAll(losing, [ref]);
      await podsGone(losing, namespace, `app=${component}`);
      return undefined;
    },
  };
}

/** Flux itself: what was applied stays, and nothing new is. A commit that comes meanwhile is applied afterwards. */
export const flux: Part = {
  loses: 'Flux',
  how: 'all Deployments of its controllers removed',
  destroy: async (losing) => {
    const controllers = await losing.before.kube.list({ ...DEPLOYMENT, namespace: FLUX_NAMESPACE });
    const refs = controllers.map(({ metadata: { name } }) => ({
      ...DEPLOYMENT,
      namespace: FLUX_NAMESPACE,
      name,
    }));
    await removeAll(losing, refs);
    return undefined;
  },
  regain: async (losing) => {
    const { run, ground, before } = losing;
    const pushed = await pushChange(losing, {
      message: 'Say that Flux was away',
      files: { 'NOTES.md': 'A commit of the time without Flux.\n' },
    });
    const by_hand = 'flux install; flux bootstrap git --url=<repository> --path=clusters/mettle';
    await step(run, { name: 'flux', title: 'starting Flux again', by_hand }, async () => {
      await bootstrap(ground, before);
      return 'its controllers are ready';
    });
    await untilAllReady({ ...ground, pushed }, before, run.timeline);
  },
};

const FLAGGER = workloadOf('flagger', 'flagger-system');

/** Flagger, while a release is on its way: whoever is there afterwards goes on with it. */
export const flagger: Part = {
  loses: 'Flagger',
  how: 'its Deployment removed in the middle of a rollout',
  destroy: FLAGGER.destroy,
  regain: async (losing) => {
    const { run, before } = losing;
    await reconcile(losing, 'flagger', FLAGGER.ref);
    await step(run, { name: 'promotion', title: 'waiting for the rollout to go on to its end' }, async () => {
      const namespace = run.run_id;
      const phase = await untilPhase(before.ctx, ['Succeeded', 'Failed'], {
        namespace,
        deadline_s: PROMOTED_S,
      });
      return `the Canary ended as ${phase}`;
    });
  },
};

const GATEWAY = workloadOf('traefik', 'gateway');

/** The gateway: nobody is served until it is back. */
export const gateway: Part = {
  loses: 'gateway',
  how: 'its Deployment removed, and its pods with it',
  destroy: GATEWAY.destroy,
  regain: async (losing) => {
    await reconcile(losing, 'traefik', GATEWAY.ref);
    await firstAnswer(losing.run, losing.load);
  },
};

/** How many targets Prometheus scrapes with success. */
async function targetsUp({ before: { cluster } }: Losing): Promise<number> {
  const url = `http://127.0.0.1:${cluster.ports.prometheus}/api/v1/query?query=${encodeURIComponent('count(up == 1)')}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
  const answer: unknown = await response.json();
  return Number(textAt(answer, 'data', 'result', 0, 'value', 1) ?? 0);
}

/** Prometheus with all that it has measured: its volume lives as long as its pod. */
export const prometheus: Part = {
  loses: 'Prometheus',
  how: 'its pod removed, and its data with it',
  destroy: async (losing) => {
    const up = await targetsUp(losing);
    const { kube } = losing.before;
    const namespace = 'monitoring';
    const pods = await kube.list({ ...POD, namespace, labels: 'app=prometheus' });
    for (const { metadata } of pods)
      await kube.remove({ ...POD, namespace, name: metadata.name }, { deadline_s: GONE_S, grace_s: 0 });
    return String(up);
  },
  regain: async (losing, told) => {
    const wanted = Number(told);
    const { run } = losing;
    await step(run, { name: 'targets', title: 'waiting until Prometheus measures as much as before' }, () =>
      lookUntil(
        async () => {
          const up = await targetsUp(losing).catch(() => 0);
          return up >= wanted
            ? { found: `${up} targets answer, ${wanted} did before` }
            : { seen: `${up} of ${wanted} targets answer` };
        },
        { awaited: `Prometheus to reach ${wanted} targets`, deadline_s: FLEET_READY_S, signal: run.signal },
      ),
    );
  },
};
