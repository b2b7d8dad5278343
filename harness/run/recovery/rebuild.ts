/** The loss of a whole cluster under load, and its rebuild from Git and backup. */
import { join } from 'node:path';
import { recreateCluster } from '#harness/cluster/create.ts';
import { destroyCluster, type LostCluster } from '#harness/cluster/destroy.ts';
import { guardCluster } from '#harness/cluster/guard.ts';
import type { BackupMethod, RecoveryExpectation } from '#harness/core/recovery.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { newestUsable, listBackups } from '#harness/database/backups.ts';
import { collectEvidence } from '#harness/evidence/collect.ts';
import { judgeRecovery } from '#harness/judge/recovery.ts';
import { POD } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import type { ProfileName } from '#harness/load/profiles.ts';
import type { RunningLoad } from '#harness/load/running.ts';
import { countAnswers } from '#harness/load/seconds.ts';
import { observeAlertmanager } from '#harness/observe/alerts.ts';
import { observeKubernetes } from '#harness/observe/kubernetes.ts';
import { recordInventory } from '#harness/observe/inventory.ts';
import { DATABASE_POD } from '#harness/stack/postgres.ts';
import { SHOP, shopHost } from '#harness/stack/shop.ts';
import type { PreparedMachine, ScenarioEnvironment } from '../environment.ts';
import { beginLoad, STEADY_S, unlessLate, untilSteady } from '../on-cluster.ts';
import { plainCluster } from '../open-cluster.ts';
import { recordHeldOrders } from '../record-orders.ts';
import { loadMeasured } from '../rollout-conditions.ts';
import { STABLE } from '../rollout-run.ts';
import type { ScenarioRun } from '../scenario-run.ts';
import { type Bounds, boundsNow, recordContent, recordRestore } from './database.ts';
import type { Spoil } from './defects.ts';
import {
  beginGround,
  bootstrap,
  declareFleet,
  FLEET_READY_S,
  type FleetGround,
  type Ground,
  type Making,
  reach,
  type Reached,
  untilAllReady,
} from './ground.ts';
import { SERVER } from './plan.ts';
import { rememberRecovery } from './remember.ts';
import { step } from './steps.ts';
import type { Trouble } from './troubles.ts';

/** What a rebuild promises, and how it is set up. */
export interface RebuildOptions {
  readonly load: ProfileName;
  readonly backup: BackupMethod;
  /** Accepted orders of so many seconds before the loss may be lost. */
  readonly recovery_point_s: number;
  /** Brought about just before the loss. */
  readonly trouble?: Trouble;
  /** Backups that must be refused; none when absent. */
  readonly backups_refused?: number;
  /** Seeded defect: its name, and what it breaks before anybody looks. */
  readonly defect?: { readonly name: string; readonly spoil: Spoil };
}

/** How a scenario that makes its cluster itself opens its runs. */
export interface Opening extends Making {
  readonly machine: PreparedMachine;
  /** Opens a run: by the name of a seeded defect when one is given. */
  readonly openRun: (variant: { readonly on: ScenarioEnvironment; readonly defect?: string }) => ScenarioRun;
}

/** Promised to users, and meant to be kept on a warm machine, in seconds. */
const RECOVERY_TIME_S = 300;
const OWN_BUDGET_S = 90;
const EVIDENCE_S = 30;
/** Orders of minutes at 300 requests a second take some MB; a restore keeps two of them for a while. */
const DATABASE_BYTES_MAX = 512 * 1024 * 1024;

/** Destroys a cluster that was made from Git, makes it again, and judges what became of it, of its users and of their orders. */
export async function rebuild(opening: Opening, options: RebuildOptions): Promise<Verdict> {
  await using ground = await beginGround(opening.machine, options.backup, opening);
  const run = opening.openRun({
    on: { ...opening.machine, cluster: plainCluster(ground.cluster) },
    ...(options.defect ? { defect: options.defect.name } : {}),
  });
  return await run.hold(rebuildOn(run, ground, options));
}

async function rebuildOn(run: ScenarioRun, ground: Ground, options: RebuildOptions): Promise<Verdict> {
  const started = new Date();
  const namespace = run.run_id;
  const expectation: RecoveryExpectation = {
    of: 'recovery',
    namespace,
    app: SHOP,
    loses: 'cluster',
    recovery_time_s: RECOVERY_TIME_S,
    own_budget_s: OWN_BUDGET_S,
    backup: options.backup,
    recovery_point_s: options.recovery_point_s,
    release: STABLE,
    components: ground.components.map(({ name }) => name),
    restores: true,
    backups_refused: options.backups_refused ?? 0,
    may_differ: [],
    alerts: [],
  };
  run.timeline.record({
    source: 'harness',
    kind: 'expectation',
    subject: `Cluster/${ground.cluster.name}`,
    data: expectation,
  });
  const verdict = await run.actAndJudge(() => act(run, ground, options), judgeRecovery);
  if (verdict.outcome !== 'pass') {
    const cluster = await guardCluster({ name: ground.cluster.name });
    const out_dir = join(run.dir, 'evidence');
    await collectEvidence({ cluster, namespace, since: started, out_dir, budget_s: EVIDENCE_S });
  } else {
    rememberRecovery(run.timeline.snapshot());
  }
  return verdict;
}

async function act(run: ScenarioRun, empty: Ground, options: RebuildOptions): Promise<void> {
  const namespace = run.run_id;
  const { name } = empty.cluster;
  await using before = await reach(empty, name, run);
  const ground = await run.phase('prepare', 'making the cluster from Git', async () => {
    const declared = await declareFleet(empty, before, namespace);
    await bootstrap(declared, before);
    await untilAllReady(declared, before);
    return declared;
  });
  await using load = await beginLoad(
    { run, cluster: before.cluster },
    { profile: options.load, host: shopHost(namespace), remember_orders: true },
  );
  const steady = { subject: SHOP, profile: options.load };
  const bounds = await run.phase('steady state', 'waiting for the steady state', async () => {
    await untilSteady(run, load, { ...steady, moment: 'before' });
    return await recordBefore(run, before, options);
  });
  await using given = new AsyncDisposableStack();
  const taken = await options.trouble?.(run, ground, before);
  if (taken) given.use(taken);
  const lost = await run.phase('destroy', 'destroying the cluster', () => lose(run, ground, options.backup));
  await run.phase('rebuild', 'rebuilding the cluster', async () => {
    await step(
      run,
      {
        name: 'cluster',
        title: `making cluster ${name} again, empty`,
        by_hand: 'kind create cluster --config cluster.yaml',
      },
      async () => {
        await recreateCluster(lost, run);
        return `${name} answers at the address that it had`;
      },
    );
    await using after = await reach(ground, name, run);
    await using _observers = await restored(run, ground, after, load);
    await using _alerts = await observeAlertmanager(
      after.cluster.ports.alertmanager,
      namespace,
      run.timeline,
    );
    await unlessLate(run, () =>
      step(run, { name: 'steady', title: 'waiting for the steady state' }, async () => {
        await untilSteady(run, load, { ...steady, moment: 'after', deadline_s: RECOVERY_TIME_S });
        return `${STEADY_S} s of load without a bad answer`;
      }),
    );
    await run.timeline.until(loadMeasured(STEADY_S, Date.now()), STEADY_S * 3, run.signal);
    await load.stop();
    await options.defect?.spoil(after, namespace);
    await recordAfter(run, after, bounds);
  });
}

/** Records what must be the same afterwards, and waits until the loss of it would be a loss of the backup's. */
async function recordBefore(
  run: ScenarioRun,
  before: Reached,
  { recovery_point_s }: RebuildOptions,
): Promise<Bounds> {
  const namespace = run.run_id;
  run.progress('recording what the cluster and its database hold');
  await recordInventory(before.kube, 'before', run.timeline);
  const bounds = await boundsNow(before, namespace);
  await recordContent(run, before, namespace, { moment: 'before', bounds });
  const covered = loadMeasured(recovery_point_s + 1, Date.now());
  await run.timeline.until(covered, recovery_point_s * 2 + STEADY_S, run.signal);
  return bounds;
}

/**
 * Destroys the cluster, once it is certain that what it is to be rebuilt from is there.
 * @throws UnfitError when there is no backup that can be restored, or no room for it; nothing is destroyed then
 */
async function lose(
  run: ScenarioRun,
  { offsite, cluster }: FleetGround,
  method: BackupMethod,
): Promise<LostCluster> {
  newestUsable(await listBackups(offsite.backups, method), SERVER);
  await offsite.refuseFullDisk(DATABASE_BYTES_MAX);
  const lost = await destroyCluster(cluster);
  run.timeline.record({
    at: lost.destroyed_at,
    source: 'recovery',
    kind: 'destroyed',
    subject: `Cluster/${cluster.name}`,
    data: { what: 'cluster', how: 'all its node containers killed and removed with their volumes' },
  });
  // Only now does the store stand still: whatever was being written is complete, or no backup.
  for (const { name, taken_at, note } of await listBackups(offsite.backups, method)) {
    const at = note === undefined ? taken_at : Date.parse(note.ended);
    const data = { method, state: 'taken', taken_at, note: 'complete at the loss' } as const;
    run.timeline.record({ at, source: 'recovery', kind: 'backup', subject: name, data });
  }
  return lost;
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
async function restored(
  run: ScenarioRun,
  ground: FleetGround,
  after: Reached,
  load: RunningLoad,
): Promise<AsyncDisposable> {
  const by_hand = `flux bootstrap git --url=<repository> --path=clusters/mettle`;
  await step(
    run,
    { name: 'flux', title: 'starting Flux, and pointing it at the repository', by_hand },
    async () => {
      await bootstrap(ground, after);
      return `its controllers are ready; revision ${ground.pushed.commit.revision.slice(0, 12)} is asked for`;
    },
  );
  const pod = { ...POD, ...DATABASE_POD };
  const waiting = { deadline_s: FLEET_READY_S, progress: run.progress, signal: run.signal };
  await using observers = new AsyncDisposableStack();
  const observe = async (): Promise<void> => {
    await after.kube.waitFor(isCurrent(CANARIES), waiting);
    const watched = { namespace: run.run_id, controller: 'flagger' } as const;
    observers.use(await observeKubernetes(after.kube, watched, run.timeline));
  };
  const works = [
    observe(),
    untilAllReady(ground, after, run.timeline),
    step(
      run,
      {
        name: 'restore',
        title: 'restoring the database',
        by_hand: `kubectl -n ${DATABASE_POD.namespace} logs ${DATABASE_POD.name}`,
      },
      async () => {
        await after.kube.waitFor(isCurrent(pod), waiting);
        return await recordRestore(run, after);
      },
    ),
    step(run, { name: 'first answer', title: 'waiting for the first good answer' }, async () => {
      const since = Date.now();
      await load.waitUntil(
        (recent) => {
          const good = recent.some((second) => {
            const { answers, bad } = countAnswers([second]);
            return second.from >= since && answers > bad;
          });
          return { met: good, seen: 'no good answer' };
        },
        { awaited: 'a good answer', deadline_s: FLEET_READY_S },
      );
      return 'users are served again';
    }),
  ];
  const ends = await Promise.allSettled(works);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return observers.move();
}

/** Records what is there now, against what was there before. */
async function recordAfter(run: ScenarioRun, after: Reached, bounds: Bounds): Promise<void> {
  const namespace = run.run_id;
  run.progress('recording what the cluster and its database hold');
  await recordHeldOrders({ run, cluster: after.cluster, namespace });
  await recordContent(run, after, namespace, { moment: 'after', bounds });
  await recordInventory(after.kube, 'after', run.timeline);
}
