/** What every scenario has in common in which the schema of a plain shop, or what stands beside it, is changed under load. */
import type { Expectation } from '#harness/core/expectation.ts';
import type { MigrationExpectation } from '#harness/core/migration.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeRun } from '#harness/judge/judge-run.ts';
import { DEPLOYMENT } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import { type ProfileName, profileOf } from '#harness/load/profiles.ts';
import type { RunningLoad } from '#harness/load/running.ts';
import { steadyState } from '#harness/load/steady.ts';
import { observeService } from '#harness/observe/service.ts';
import { SHOP, shopHost } from '#harness/stack/shop.ts';
import { type Acting, beginLoad, onCluster, STEADY_S, unlessLate, untilSteady } from '../on-cluster.ts';
import { deployPlain, PLAIN_REPLICAS, type PlainRelease } from '../plain-shop.ts';
import { type Bounds, boundsNow } from '../recovery/database.ts';
import { STABLE } from '../rollout-run.ts';
import type { ScenarioRun } from '../scenario-run.ts';
import { releaseSettled } from '../service-conditions.ts';
import { recordMigrationContent, recordMigrationEnd } from './record.ts';
import { seedOrders } from './seed.ts';

/** Pods start in 2 s each, serve on for 3 s, and go one after the other. */
const DEPLOY_S = 90;
/** Undisturbed seconds between two acts, so that what fails can be told apart. */
const PAUSE_S = 3;

const PROFILE: ProfileName = 'steady-300';

/** What a scenario of a migration acts with while the load runs. */
export interface MigrationAct extends Acting {
  readonly load: RunningLoad;
  /** How far what the database held was read before. */
  readonly bounds: Bounds;
  /** Names a phase in the timeline, and waits for undisturbed seconds when it is done. */
  readonly once: (name: string, title: string, act: () => Promise<unknown>) => Promise<void>;
  /** Ships a release document under a name, and waits until its pods alone are left. */
  readonly deploy: (release: string, file: string) => Promise<void>;
  /** The same as a phase of its own, with undisturbed seconds after it. */
  readonly ship: (release: string, file: string) => Promise<void>;
}

/** What is done around a shop that is under load. */
export interface ShopActs {
  /** How the shop is deployed beside what every shop has. */
  readonly shape?: Pick<PlainRelease, 'reshape'>;
  /** Release document that it begins with; `good` when absent. */
  readonly file?: string;
  /** Before the shop is deployed. */
  readonly prepare?: (acting: Acting) => Promise<void>;
  /** Takes the place of a plain Deployment: comes once the shop serves. What it returns is given back at the end. */
  readonly deploy?: (acting: Acting) => Promise<AsyncDisposable | void>;
  /** Once the shop is deployed, before anybody asks it. */
  readonly deployed?: (acting: Acting) => Promise<void>;
  /** What is observed beside the service. */
  readonly observe?: (acting: Acting) => Promise<AsyncDisposable>;
  /** How far tables beside the orders are compared. */
  readonly further_bounds?: (acting: Acting) => Promise<Bounds>;
  readonly act: (acting: MigrationAct) => Promise<void>;
  /** Once the load has ended, before the database is read. */
  readonly ended?: (acting: Acting) => Promise<void>;
}

export interface MigrationScenario extends ShopActs {
  readonly expectation: Omit<MigrationExpectation, 'of' | 'namespace' | 'app'>;
}

/** Deploys a shop with orders, migrates its schema under load, and judges what was recorded. */
export async function migrateUnderLoad(
  run: ScenarioRun,
  { expectation, ...acts }: MigrationScenario,
): Promise<Verdict> {
  return await actUnderLoad(run, { of: 'migration', namespace: run.run_id, app: SHOP, ...expectation }, acts);
}

/** Deploys a shop with orders, acts under load, and judges what was recorded by what was expected. */
export async function actUnderLoad(
  run: ScenarioRun,
  expectation: Expectation,
  scenario: ShopActs,
): Promise<Verdict> {
  const namespace = run.run_id;
  run.timeline.record({
    source: 'harness',
    kind: 'expectation',
    subject: `Deployment/${namespace}/${SHOP}`,
    data: expectation,
  });
  return await onCluster(run, { act: (acting) => act(acting, scenario), judge: judgeRun });
}

async function act(acting: Acting, scenario: ShopActs): Promise<void> {
  const { run, ctx, cluster, namespace } = acting;
  const { shape = {}, file = 'good', prepare, deployed, further_bounds, ended } = scenario;
  const shop = { ...DEPLOYMENT, namespace, name: SHOP };
  const current = async (): Promise<void> => {
    await ctx.kube.waitFor(isCurrent(shop), {
      deadline_s: DEPLOY_S,
      progress: run.progress,
      signal: run.signal,
    });
  };
  if (prepare) await run.phase('before', 'preparing the cluster', () => prepare(acting));
  await using own = new AsyncDisposableStack();
  await run.phase('prepare', `deploying the shop, release ${STABLE}`, async () => {
    const taken = await scenario.deploy?.(acting);
    if (taken) own.use(taken);
    if (!scenario.deploy) {
      await deployPlain(acting, { ...shape, file, release: STABLE, database: true, first: true });
      await current();
    }
    await seedOrders(acting);
  });
  if (deployed) await run.phase('beside', 'deploying what stands beside the shop', () => deployed(acting));
  await using observers = new AsyncDisposableStack();
  observers.use(await observeService({ kube: ctx.kube, namespace }, run.timeline));
  const others = await scenario.observe?.(acting);
  if (others) observers.use(others);
  const from = Date.now();
  await using load = await beginLoad(acting, {
    profile: PROFILE,
    host: shopHost(namespace),
    remember_orders: true,
  });
  const steady = { subject: SHOP, profile: PROFILE };
  await run.phase('steady state', 'waiting for the steady state', () =>
    untilSteady(run, load, { ...steady, moment: 'before' }),
  );
  const bounds: Bounds = [
    ...(await boundsNow({ kube: ctx.kube, cluster }, namespace)),
    ...((await further_bounds?.(acting)) ?? []),
  ];
  await recordMigrationContent(acting, 'before', bounds);
  const once: MigrationAct['once'] = async (name, title, change) => {
    await run.phase(name, title, async () => {
      await change();
      await unlessLate(run, () => pause(load));
    });
  };
  const deploy: MigrationAct['deploy'] = async (release, document) => {
    await deployPlain(acting, { ...shape, file: document, release, database: true });
    await unlessLate(run, async () => {
      await current();
      const settled = releaseSettled({ namespace, app: SHOP }, release, PLAIN_REPLICAS);
      await run.timeline.until(settled, DEPLOY_S, run.signal);
    });
  };
  await scenario.act({
    ...acting,
    load,
    bounds,
    once,
    deploy,
    ship: async (release, document) => {
      await once(`release ${release}`, `shipping release ${release} (${document})`, () =>
        deploy(release, document),
      );
    },
  });
  await run.phase('settle', 'waiting for the steady state', () =>
    unlessLate(run, () =>
      untilSteady(run, load, { ...steady, moment: 'after', deadline_s: 2 * STEADY_S + PAUSE_S }),
    ),
  );
  await run.phase('end of load', 'ending the load', async () => {
    await load.stop();
    await ended?.(acting);
    await recordMigrationEnd(acting, { bounds, from });
    await observers.disposeAsync();
  });
}

async function pause(load: RunningLoad): Promise<void> {
  const condition = steadyState(profileOf(PROFILE).rate_per_s, PAUSE_S);
  await load.waitUntil(condition, { awaited: 'undisturbed seconds after the act', deadline_s: 4 * PAUSE_S });
}
