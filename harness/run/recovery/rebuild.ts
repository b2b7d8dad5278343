/** The loss of a whole cluster under load, and its rebuild from Git and backup. */
import { recreateCluster } from '#harness/cluster/create.ts';
import { destroyCluster, type LostCluster } from '#harness/cluster/destroy.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { WHOLE_CLUSTER } from '#harness/judge/recovery-facts.ts';
import { POD } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import { DATABASE_POD } from '#harness/stack/postgres.ts';
import { recordBackups, recordRestore } from './database.ts';
import { bootstrap, FLEET_READY_S, reach, type Reached, untilAllReady } from './ground.ts';
import {
  type Losing,
  type Loss,
  type Opening,
  recover,
  type RecoverOptions,
  type Regained,
} from './recover.ts';
import { refuseUnrebuildable } from './refuse.ts';
import { firstAnswer, step } from './steps.ts';
import { watchAlerts, watchRollouts } from './watches.ts';

/** Something that stands in the way of a rebuild, is noticed, and is put right by hand. */
export interface Obstacle {
  /** Puts it in the way, once the empty cluster is there. */
  readonly place: (after: Reached, losing: Losing) => Promise<void>;
  /** Waits until it shows, and puts it right; each as a step of the rebuild. */
  readonly overcome: (after: Reached, losing: Losing) => Promise<void>;
}

export interface RebuildOptions extends RecoverOptions {
  readonly obstacle?: Obstacle;
}

/** Destroys a cluster that was made from Git, makes it again, and judges what became of it, of its users and of their orders. */
export async function rebuild(opening: Opening, options: RebuildOptions): Promise<Verdict> {
  let lost: LostCluster | undefined;
  const loss: Loss = {
    loses: WHOLE_CLUSTER,
    restores: true,
    watched: true,
    lose: async (losing) => {
      lost = await lose(losing, options);
    },
    regain: async (losing) => {
      if (lost === undefined) throw new Error('the cluster was not destroyed');
      return await regain(losing, lost, options);
    },
  };
  return await recover(opening, loss, options);
}

/**
 * Destroys the cluster, once it is certain that what it is to be rebuilt from is there.
 * Throws as `refuseUnrebuildable`; nothing is destroyed then.
 */
async function lose(
  { run, ground: { offsite, cluster, pushed } }: Losing,
  { backup: method }: RebuildOptions,
): Promise<LostCluster> {
  await refuseUnrebuildable({ offsite, method, revision: pushed.commit.revision });
  const lost = await destroyCluster(cluster);
  run.timeline.record({
    at: lost.destroyed_at,
    source: 'recovery',
    kind: 'destroyed',
    subject: `Cluster/${cluster.name}`,
    data: { what: 'cluster', how: 'all its node containers killed and removed with their volumes' },
  });
  // Only now does the store stand still: whatever was being written is complete, or no backup.
  await recordBackups(run, offsite, method);
  return lost;
}

/** Makes the cluster again, empty; its control plane, which takes most of the time, is a step of its own. */
async function makeAgain({ run }: Losing, lost: LostCluster): Promise<void> {
  const { name } = lost;
  const empty = {
    name: 'cluster',
    title: `making cluster ${name} again, empty`,
    by_hand: 'kind create cluster --config cluster.yaml',
  };
  const control_plane = { name: 'control plane', title: 'waiting for the control plane' };
  const answers = Promise.withResolvers<string>();
  // Where kind never comes so far, nobody awaits it.
  answers.promise.catch(() => undefined);
  let starting: Promise<void> | undefined;
  const onStep = (kind_step: string): void => {
    if (kind_step !== 'Starting control-plane') return;
    starting ??= step(run, control_plane, () => answers.promise);
  };
  await step(run, empty, async () => {
    try {
      await recreateCluster(lost, { progress: run.progress, signal: run.signal, onStep });
      answers.resolve('the API server answers');
    } catch (error) {
      answers.reject(error);
      throw error;
    } finally {
      await Promise.allSettled([starting]);
    }
    return `${name} answers at the address that it had`;
  });
}

async function regain(losing: Losing, lost: LostCluster, options: RebuildOptions): Promise<Regained> {
  const { run, ground } = losing;
  await makeAgain(losing, lost);
  await using kept = new AsyncDisposableStack();
  const after = kept.use(await reach(ground, lost.name, run));
  await options.obstacle?.place(after, losing);
  kept.use(await restored(losing, after, options));
  kept.use(await watchAlerts(run, after));
  const all = kept.move();
  return { after, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

const CANARIES = {
  api_version: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  name: 'canaries.flagger.app',
} as const;

/**
 * Lets Flux bring everything back, and waits for the database and for the first good answer meanwhile. Rollouts are watched
 * from the moment at which the cluster knows what a Canary is.
 */
async function restored(losing: Losing, after: Reached, options: RebuildOptions): Promise<AsyncDisposable> {
  const { run, ground, load } = losing;
  const flux = {
    name: 'flux',
    title: 'starting Flux, and pointing it at the repository',
    by_hand: 'flux bootstrap git --url=<repository> --path=clusters/mettle',
  };
  await step(run, flux, async () => {
    await bootstrap(ground, after);
    return `its controllers are ready; revision ${ground.pushed.commit.revision.slice(0, 12)} is asked for`;
  });
  const waiting = { deadline_s: FLEET_READY_S, progress: run.progress, signal: run.signal };
  await using observers = new AsyncDisposableStack();
  const observe = async (): Promise<void> => {
    await after.kube.waitFor(isCurrent(CANARIES), waiting);
    observers.use(await watchRollouts(run, after));
  };
  const restore = {
    name: 'restore',
    title: 'restoring the database',
    by_hand: `kubectl -n ${DATABASE_POD.namespace} logs ${DATABASE_POD.name}`,
  };
  const works = [
    observe(),
    untilAllReady(ground, after, run.timeline),
    step(run, restore, async () => {
      await after.kube.waitFor(isCurrent({ ...POD, ...DATABASE_POD }), waiting);
      return await recordRestore(run, after);
    }),
    firstAnswer(run, load),
    ...(options.obstacle ? [options.obstacle.overcome(after, losing)] : []),
  ];
  const ends = await Promise.allSettled(works);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return observers.move();
}
