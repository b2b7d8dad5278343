/** What every scenario has in common in which the schema of a plain shop is migrated under load. */
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
  readonly ship: (release: string, file: string) => Promise<void>;
}

export interface MigrationScenario {
  readonly expectation: Omit<MigrationExpectation, 'of' | 'namespace' | 'app'>;
  /** How the shop is deployed beside what every shop has. */
  readonly shape?: Pick<PlainRelease, 'reshape'>;
  /** Before the shop is deployed. */
  readonly prepare?: (acting: Acting) => Promise<void>;
  readonly act: (acting: MigrationAct) => Promise<void>;
}

/** Deploys a shop with orders, acts under load, and judges what was recorded. */
export async function migrateUnderLoad(run: ScenarioRun, scenario: MigrationScenario): Promise<Verdict> {
  const namespace = run.run_id;
  run.timeline.record({
    source: 'harness',
    kind: 'expectation',
    subject: `Deployment/${namespace}/${SHOP}`,
    data: { of: 'migration', namespace, app: SHOP, ...scenario.expectation },
  });
  return await onCluster(run, { act: (acting) => act(acting, scenario), judge: judgeRun });
}

async function act(acting: Acting, scenario: MigrationScenario): Promise<void> {
  const { run, ctx, cluster, namespace } = acting;
  const { shape = {} } = scenario;
  const shop = { ...DEPLOYMENT, namespace, name: SHOP };
  const current = async (): Promise<void> => {
    await ctx.kube.waitFor(isCurrent(shop), {
      deadline_s: DEPLOY_S,
      progress: run.progress,
      signal: run.signal,
    });
  };
  const { prepare } = scenario;
  if (prepare) await run.phase('before', 'preparing the cluster', () => prepare(acting));
  await run.phase('prepare', `deploying the shop, release ${STABLE}`, async () => {
    await deployPlain(acting, { ...shape, file: 'good', release: STABLE, database: true, first: true });
    await current();
    await seedOrders(acting);
  });
  await using observers = await observeService({ kube: ctx.kube, namespace }, run.timeline);
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
  const bounds: Bounds = await boundsNow({ kube: ctx.kube, cluster }, namespace);
  await recordMigrationContent(acting, 'before', bounds);
  const once: MigrationAct['once'] = async (name, title, change) => {
    await run.phase(name, title, async () => {
      await change();
      await unlessLate(run, () => pause(load));
    });
  };
  await scenario.act({
    ...acting,
    load,
    bounds,
    once,
    ship: async (release, file) => {
      await once(`release ${release}`, `shipping release ${release} (${file})`, async () => {
        await deployPlain(acting, { ...shape, file, release, database: true });
        await unlessLate(run, async () => {
          await current();
          await run.timeline.until(releaseSettled(namespace, release, PLAIN_REPLICAS), DEPLOY_S, run.signal);
        });
      });
    },
  });
  await run.phase('settle', 'waiting for the steady state', () =>
    unlessLate(run, () =>
      untilSteady(run, load, { ...steady, moment: 'after', deadline_s: 2 * STEADY_S + PAUSE_S }),
    ),
  );
  await run.phase('end of load', 'ending the load', async () => {
    await load.stop();
    await recordMigrationEnd(acting, { bounds, from });
    await observers[Symbol.asyncDispose]();
  });
}

async function pause(load: RunningLoad): Promise<void> {
  const condition = steadyState(profileOf(PROFILE).rate_per_s, PAUSE_S);
  await load.waitUntil(condition, { awaited: 'undisturbed seconds after the act', deadline_s: 4 * PAUSE_S });
}
