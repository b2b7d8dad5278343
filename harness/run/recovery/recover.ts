/** The acts of every recovery: a cluster that came from Git loses something under load, gets it back, and is compared. */
import { join } from 'node:path';
import { guardCluster } from '#harness/cluster/guard.ts';
import { messageOf } from '#harness/core/errors.ts';
import type { BackupMethod, RecoveryExpectation } from '#harness/core/recovery.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { collectEvidence } from '#harness/evidence/collect.ts';
import { judgeRecovery } from '#harness/judge/recovery.ts';
import type { ProfileName } from '#harness/load/profiles.ts';
import type { RunningLoad } from '#harness/load/running.ts';
import { recordInventory } from '#harness/observe/inventory.ts';
import { SHOP, shopHost } from '#harness/stack/shop.ts';
import type { PreparedMachine, ScenarioEnvironment } from '../environment.ts';
import { beginLoad, STEADY_S, unlessLate, untilSteady } from '../on-cluster.ts';
import { plainCluster } from '../open-cluster.ts';
import { recordHeldOrders } from '../record-orders.ts';
import { loadMeasured } from '../rollout-conditions.ts';
import { STABLE } from '../rollout-run.ts';
import type { ScenarioRun } from '../scenario-run.ts';
import { type Bounds, boundsNow, recordContent } from './database.ts';
import type { Spoil } from './defects.ts';
import { ofNamespace } from './differences.ts';
import {
  beginGround,
  bootstrap,
  declareFleet,
  type FleetGround,
  type Ground,
  type Making,
  reach,
  type Reached,
  untilAllReady,
} from './ground.ts';
import { OUTSIDE, untilSilent, watchFromOutside } from './outside.ts';
import { rememberRecovery } from './remember.ts';
import { step } from './steps.ts';

/** How a scenario that makes its cluster itself opens its runs. */
export interface Opening extends Making {
  readonly machine: PreparedMachine;
  /** Opens a run: by the name of a seeded defect when one is given. */
  readonly openRun: (variant: {
    readonly name?: string;
    readonly on: ScenarioEnvironment;
    readonly defect?: string;
  }) => ScenarioRun;
}

/** What a loss and what precedes it act with. */
export interface Losing {
  readonly run: ScenarioRun;
  /** As of the newest commit. */
  readonly ground: FleetGround;
  readonly before: Reached;
  readonly load: RunningLoad;
}

/** What has come about before the loss. */
export interface Troubled {
  /** Given back at the end of the run. */
  readonly held?: AsyncDisposable;
  /** The ground, where the repository says something else now. */
  readonly ground?: FleetGround;
  /** How far the backup reaches that is to be restored; the orders that are there just before the loss when absent. */
  readonly bounds?: Bounds;
}

/** Something that happens while the cluster is still there. */
export type Trouble = (losing: Losing) => Promise<Troubled>;

/** The cluster in which everything is back, with whoever watches it. Giving it back ends the watches. */
export interface Regained extends AsyncDisposable {
  readonly after: Reached;
}

/** What is lost, and how it comes back. */
export interface Loss {
  /** As `RecoveryExpectation.loses`. */
  readonly loses: string;
  /** The database has to be restored. */
  readonly restores: boolean;
  /** Nobody is served meanwhile, so that a watch off-site must notice. */
  readonly watched?: boolean;
  /** Destroys it, and records when: `recovery/destroyed`. */
  readonly lose: (losing: Losing) => Promise<void>;
  /** Brings it back, step by step. */
  readonly regain: (losing: Losing) => Promise<Regained>;
}

/** What a recovery promises, and how it is set up. */
export interface RecoverOptions {
  readonly load: ProfileName;
  readonly backup: BackupMethod;
  /** Accepted orders of so many seconds before the loss may be lost. */
  readonly recovery_point_s: number;
  /** Time in which the steps should be done on a warm machine, in seconds; 90 when absent. */
  readonly own_budget_s?: number;
  /** Comes about before anybody writes down what must be the same. */
  readonly prepared?: Trouble;
  /** Comes about just before the loss. */
  readonly trouble?: Trouble;
  /** What the specification says beyond what is usual. */
  readonly declares?: Partial<
    Pick<
      RecoveryExpectation,
      | 'release'
      | 'recovery_time_s'
      | 'under_way'
      | 'point_in_time'
      | 'backups_refused'
      | 'may_differ'
      | 'alerts'
    >
  >;
  readonly defect?: RecoveryDefect;
}

/** What is broken on purpose, to prove that a rule notices. */
export interface RecoveryDefect {
  readonly name: string;
  /** Breaks something once the service is steady again and the load has ended, before anybody looks. */
  readonly spoil?: Spoil;
  /** Whoever compares the objects afterwards sees those of before once more. */
  readonly blind?: boolean;
}

/** Promised to users, and meant to be kept on a warm machine, in seconds. */
const RECOVERY_TIME_S = 300;
const OWN_BUDGET_S = 90;
const EVIDENCE_S = 30;

/** Makes a cluster from Git, lets it lose something, brings it back, and judges what users and their orders met. */
export async function recover(opening: Opening, loss: Loss, options: RecoverOptions): Promise<Verdict> {
  await using ground = await beginGround(opening.machine, options.backup, {
    ...opening,
    watched: loss.watched === true,
  });
  const run = opening.openRun({
    on: { ...opening.machine, cluster: plainCluster(ground.cluster) },
    ...(options.defect ? { defect: options.defect.name } : {}),
  });
  return await run.hold(recoverOn(run, ground, loss, options));
}

async function recoverOn(
  run: ScenarioRun,
  ground: Ground,
  loss: Loss,
  options: RecoverOptions,
): Promise<Verdict> {
  const started = new Date();
  const namespace = run.run_id;
  const expectation: RecoveryExpectation = {
    of: 'recovery',
    namespace,
    app: SHOP,
    loses: loss.loses,
    recovery_time_s: RECOVERY_TIME_S,
    own_budget_s: options.own_budget_s ?? OWN_BUDGET_S,
    backup: options.backup,
    recovery_point_s: options.recovery_point_s,
    release: STABLE,
    components: ground.components.map(({ name }) => name),
    restores: loss.restores,
    backups_refused: 0,
    ...(loss.watched === true ? OUTSIDE : { alerts: [] }),
    ...options.declares,
    may_differ: ofNamespace(options.declares?.may_differ ?? [], namespace),
  };
  run.timeline.record({
    source: 'harness',
    kind: 'expectation',
    subject: `Cluster/${ground.cluster.name}`,
    data: expectation,
  });
  const verdict = await run.actAndJudge(() => act(run, ground, loss, options), judgeRecovery);
  if (verdict.outcome === 'pass') rememberRecovery(run.timeline.snapshot());
  else await collectWhatIsLeft(run, ground, started);
  return verdict;
}

/** A cluster that could not be made again tells nothing more; the verdict stands without it. */
async function collectWhatIsLeft(run: ScenarioRun, ground: Ground, since: Date): Promise<void> {
  try {
    const cluster = await guardCluster({ name: ground.cluster.name });
    const out_dir = join(run.dir, 'evidence');
    await collectEvidence({ cluster, namespace: run.run_id, since, out_dir, budget_s: EVIDENCE_S });
  } catch (error) {
    run.progress(`no evidence of the cluster: ${messageOf(error)}`);
  }
}

async function act(run: ScenarioRun, empty: Ground, loss: Loss, options: RecoverOptions): Promise<void> {
  const namespace = run.run_id;
  await using before = await reach(empty, empty.cluster.name, run);
  let ground = await run.phase('prepare', 'making the cluster from Git', async () => {
    const declared = await declareFleet(empty, before, namespace);
    await bootstrap(declared, before);
    await untilAllReady(declared, before);
    return declared;
  });
  const watch = (): Promise<AsyncDisposable> => watchFromOutside(run, ground.offsite, before);
  await using _outside =
    loss.watched === true
      ? await run.phase('watch', 'letting the watch off-site look at the shop', watch)
      : undefined;
  await using load = await beginLoad(
    { run, cluster: before.cluster },
    { profile: options.load, host: shopHost(namespace), remember_orders: true },
  );
  const steady = { subject: SHOP, profile: options.load };
  await using given = new AsyncDisposableStack();
  const meet = async (trouble: Trouble | undefined): Promise<Troubled> => {
    const troubled = (await trouble?.({ run, ground, before, load })) ?? {};
    if (troubled.held) given.use(troubled.held);
    ground = troubled.ground ?? ground;
    return troubled;
  };
  const bounds = await run.phase('steady state', 'waiting for the steady state', async () => {
    await untilSteady(run, load, { ...steady, moment: 'before' });
    const prepared = await meet(options.prepared);
    return await recordBefore(run, before, options, prepared.bounds);
  });
  await meet(options.trouble);
  await run.phase('destroy', `losing the ${loss.loses}`, () => loss.lose({ run, ground, before, load }));
  await run.phase('rebuild', `bringing the ${loss.loses} back`, async () => {
    await using regained = await loss.regain({ run, ground, before, load });
    await unlessLate(run, () =>
      step(run, { name: 'steady', title: 'waiting for the steady state' }, async () => {
        await untilSteady(run, load, { ...steady, moment: 'after', deadline_s: RECOVERY_TIME_S });
        return `${STEADY_S} s of load without a bad answer`;
      }),
    );
    await run.timeline.until(loadMeasured(STEADY_S, Date.now()), STEADY_S * 3, run.signal);
    await load.stop();
    await options.defect?.spoil?.(regained.after, namespace);
    await recordAfter(run, regained.after, { bounds, ...options.defect });
  });
  if (loss.watched === true) {
    await run.phase('silence', 'waiting for the watch off-site to say its last', () => untilSilent(run));
  }
}

/** Records what must be the same afterwards, and waits until the loss of it would be a loss of the backup's. */
async function recordBefore(
  run: ScenarioRun,
  before: Reached,
  { recovery_point_s }: RecoverOptions,
  backed_up: Bounds | undefined,
): Promise<Bounds> {
  const namespace = run.run_id;
  run.progress('recording what the cluster and its database hold');
  await recordInventory(before.kube, 'before', run.timeline);
  const bounds = backed_up ?? (await boundsNow(before, namespace));
  await recordContent(run, before, namespace, { moment: 'before', bounds });
  if (backed_up === undefined) {
    const covered = loadMeasured(recovery_point_s + 1, Date.now());
    await run.timeline.until(covered, recovery_point_s * 2 + STEADY_S, run.signal);
  }
  return bounds;
}

/** Records what is there now, against what was there before. */
async function recordAfter(
  run: ScenarioRun,
  after: Reached,
  { bounds, blind = false }: { readonly bounds: Bounds; readonly blind?: boolean },
): Promise<void> {
  const namespace = run.run_id;
  run.progress('recording what the cluster and its database hold');
  await recordHeldOrders({ run, cluster: after.cluster, namespace });
  await recordContent(run, after, namespace, { moment: 'after', bounds });
  if (!blind) {
    await recordInventory(after.kube, 'after', run.timeline);
    return;
  }
  for (const { subject, data } of run.timeline.snapshot().of('recovery', 'inventory')) {
    const seen = { ...data, moment: 'after' } as const;
    run.timeline.record({ source: 'recovery', kind: 'inventory', subject, data: seen });
  }
}
