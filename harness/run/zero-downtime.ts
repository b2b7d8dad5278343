import type { ServiceExpectation } from '#harness/core/expectation.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeService } from '#harness/judge/service.ts';
import type { Manifest } from '#harness/kube/manifests.ts';
import { DEPLOYMENT } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import { type ProfileName, profileOf } from '#harness/load/profiles.ts';
import type { RunningLoad } from '#harness/load/running.ts';
import { steadyState } from '#harness/load/steady.ts';
import { observeService } from '#harness/observe/service.ts';
import { SHOP, shopHost } from '#harness/stack/shop.ts';
import { type Acting, beginLoad, onCluster, STEADY_S, unlessLate, untilSteady } from './on-cluster.ts';
import { deployPlain, PLAIN_REPLICAS } from './plain-shop.ts';
import { recordOrders } from './record-orders.ts';
import type { ScenarioRun } from './scenario-run.ts';
import { podsSettled } from './service-conditions.ts';
import { withFault } from './with-fault.ts';

/** Something about the shop's Deployment that is broken on purpose, and the rule that must notice it. */
export interface ServiceDefect {
  readonly name: string;
  readonly breaks: string;
  readonly noticed_by: string;
  /** The specification of the Deployment, broken. */
  readonly deployment: (spec: object) => object;
}

export interface ZeroDowntime {
  readonly load: ProfileName;
  /** Orders go to PostgreSQL, and those that were accepted must still be there at the end. */
  readonly database?: boolean;
  /**
   * What is done to the shop after the deployment: its owners restart and scale it, or the keepers of the cluster evict
   * its pods and drain a worker, which needs a cluster with one.
   */
  readonly acts?: 'owners' | 'upkeep';
  readonly defect?: ServiceDefect;
}

const STABLE = 'v1';
const NEXT = 'v2';

/** Pods of the shop at first, and when it is scaled up. */
const REPLICAS = { usual: PLAIN_REPLICAS, more: 4 } as const;

/** Acts after the deployment, as they are named in the timeline. */
const ACTS = {
  owners: ['restart', 'scale up', 'scale down'],
  upkeep: ['evict', 'drain'],
} as const;

/** Longest time of one act: pods start in 2 s each, serve on for 3 s, and go one after the other. */
const ACT_S = 90;

/** Undisturbed seconds between two acts, so that what fails can be told apart. */
const PAUSE_S = 3;

/** Whoever evicts pods of the shop has to leave one of them. */
const ONE_STAYS: Manifest = {
  object: {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: SHOP },
    spec: { minAvailable: 1, selector: { matchLabels: { app: SHOP } } },
  },
  position: { file: 'harness/run/zero-downtime.ts', line: 1, column: 1 },
};

/** Changes the plain shop (a Deployment behind the gateway, no controller) under load, and judges whether anyone noticed. */
export async function zeroDowntime(run: ScenarioRun, scenario: ZeroDowntime): Promise<Verdict> {
  const expectation: ServiceExpectation = {
    of: 'service',
    namespace: run.run_id,
    app: SHOP,
    acts: ['deploy', ...ACTS[scenario.acts ?? 'owners']],
    keeps_orders: scenario.database === true,
  };
  run.timeline.record({
    source: 'harness',
    kind: 'expectation',
    subject: `Deployment/${run.run_id}/${SHOP}`,
    data: expectation,
  });
  return await onCluster(run, { act: (acting) => act(acting, scenario), judge: judgeService });
}

async function act(acting: Acting, scenario: ZeroDowntime): Promise<void> {
  const { run, ctx, namespace } = acting;
  const { load: profile } = scenario;
  const shop = { ...DEPLOYMENT, namespace, name: SHOP };
  const { database = false, defect } = scenario;
  const shape = { file: 'good', database, ...(defect ? { reshape: defect.deployment } : {}) };
  const current = async (): Promise<void> => {
    await ctx.kube.waitFor(isCurrent(shop), {
      deadline_s: ACT_S,
      progress: run.progress,
      signal: run.signal,
    });
  };
  await run.phase('prepare', `deploying the shop, release ${STABLE}`, async () => {
    await deployPlain(acting, { ...shape, release: STABLE, first: true });
    if (scenario.acts === 'upkeep') await ctx.kube.apply([ONE_STAYS], { namespace });
    await current();
  });
  await using observers = await observeService({ kube: ctx.kube, namespace }, run.timeline);
  await using load = await beginLoad(acting, { profile, host: shopHost(namespace) });
  const steady = { subject: SHOP, profile };
  await run.phase('steady state', 'waiting for the steady state', () =>
    untilSteady(run, load, { ...steady, moment: 'before' }),
  );
  const once = async (name: string, title: string, pods: number, change: () => Promise<unknown>) => {
    await run.phase(name, title, async () => {
      await change();
      await unlessLate(run, async () => {
        await current();
        await run.timeline.until(podsSettled(namespace, pods), ACT_S, run.signal);
        await pause(load, profile);
      });
    });
  };
  await once('deploy', `deploying release ${NEXT}`, REPLICAS.usual, () =>
    deployPlain(acting, { ...shape, release: NEXT }),
  );
  if (scenario.acts === 'upkeep') {
    const labels = `app=${SHOP}`;
    await once('evict', 'evicting every pod', REPLICAS.usual, async () => {
      await using _evicted = await withFault(acting, {
        fault: 'pod-evict',
        options: { labels },
        lease_s: ACT_S,
      });
    });
    // The worker takes pods again only once all is well without it.
    await using drained = new AsyncDisposableStack();
    await once('drain', 'draining the worker', REPLICAS.usual, async () => {
      drained.use(await withFault(acting, { fault: 'node-drain', lease_s: 2 * ACT_S, alone: true }));
    });
  } else {
    await once('restart', 'restarting every pod', REPLICAS.usual, () =>
      ctx.kube.patch(shop, restartedAt(new Date())),
    );
    const scale = (pods: number) => () =>
      ctx.kube.scale(shop, pods, { deadline_s: ACT_S, progress: run.progress, signal: run.signal });
    await once('scale up', `scaling to ${REPLICAS.more} pods`, REPLICAS.more, scale(REPLICAS.more));
    await once('scale down', `scaling to ${REPLICAS.usual} pods`, REPLICAS.usual, scale(REPLICAS.usual));
  }
  await run.phase('settle', 'waiting for the steady state', () =>
    unlessLate(run, () =>
      untilSteady(run, load, { ...steady, moment: 'after', deadline_s: 2 * STEADY_S + PAUSE_S }),
    ),
  );
  await run.phase('end of load', 'ending the load', async () => {
    await load.stop();
    if (database) await recordOrders(acting);
    await observers[Symbol.asyncDispose]();
  });
}

async function pause(load: RunningLoad, profile: ProfileName): Promise<void> {
  const condition = steadyState(profileOf(profile).rate_per_s, PAUSE_S);
  await load.waitUntil(condition, { awaited: 'undisturbed seconds after the act', deadline_s: 4 * PAUSE_S });
}

/** What `kubectl rollout restart` writes. */
function restartedAt(at: Date): object {
  const annotations = { 'kubectl.kubernetes.io/restartedAt': at.toISOString() };
  return { spec: { template: { metadata: { annotations } } } };
}
