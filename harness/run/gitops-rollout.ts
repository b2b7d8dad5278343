import type { DeliveryExpectation } from '#harness/core/expectation.ts';
import type { ArgoSpec, FlaggerSpec, RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { POD_START_S } from '#harness/judge/budgets.ts';
import { judgeDelivery } from '#harness/judge/delivery.ts';
import type { ProfileName } from '#harness/load/profiles.ts';
import type { RunningLoad } from '#harness/load/running.ts';
import { observeDelivery } from '#harness/observe/delivery.ts';
import { observeRollout, recordRolloutSeries } from '#harness/observe/rollout.ts';
import type { StackContext } from '#harness/stack/component.ts';
import { rolloutManifests, stableHashOf, untilRolloutEnded } from '#harness/stack/shop-argo.ts';
import {
  type Applier,
  chartFiles,
  chartValues,
  configurationFiles,
  kustomizationFiles,
  type RepositoryFiles,
} from '#harness/stack/shop-git.ts';
import { SHOP, shopHost, untilInitialised } from '#harness/stack/shop.ts';
import { observeStack } from '#harness/stack/stack.ts';
import { argoSpec, SERVICES, settleArgo } from './argo-rollout.ts';
import { flaggerSpec, settleFlagger } from './flagger-rollout.ts';
import {
  beginGitops,
  commitApplied,
  commitTold,
  declareDelivery,
  pushRelease,
  type RunRepository,
} from './gitops.ts';
import type { DeliveryDefect } from './gitops-defects.ts';
import {
  type Acting,
  beginLoad,
  onCluster,
  releaseDocument,
  STEADY_S,
  unlessLate,
  untilSteady,
} from './on-cluster.ts';
import { settleBy, type When } from './rollout-extras.ts';
import { NEXT, type Settles, STABLE } from './rollout-run.ts';
import type { ScenarioRun } from './scenario-run.ts';

/** A release of the shop that is shipped by commit, and rolled out by one of the controllers. */
export interface GitopsRollout {
  readonly controller: RolloutSpec['controller'];
  readonly applier: Applier;
  /**
   * What the commit changes: `release` a new pod template with a document of its own, `configuration` nothing but the
   * document that the pods read.
   */
  readonly changes: 'release' | 'configuration';
  readonly load: ProfileName;
  readonly defect?: DeliveryDefect;
  /** Release document that the commit ships; `good` when absent. */
  readonly release?: string;
  /** What the specification says must happen to it; a promotion when absent. */
  readonly expected?: RolloutSpec['expected'];
  /** Share of its answers that are bad by construction, in percent. */
  readonly bad_answers_pct?: number;
  /** Failed checks that Flagger bears before the rollback. */
  readonly threshold?: number;
  readonly settles?: Settles;
  /** Takes the place of the end that the specification promises. By Flagger only. */
  readonly until?: When;
  /** What is done once the rollout has come to its end, while the load still runs. */
  readonly settled?: (acting: Acting) => Promise<void>;
  /** Once the commit is applied; what it returns is given back when the rollout has come to its end. */
  readonly beside?: (acting: Acting) => Promise<AsyncDisposable>;
}

const CANARY = { interval_s: 10, threshold: 2, step_weight_pct: 10, max_weight_pct: 50 };

/** The configuration that a commit ships: other values than the shop's defaults. */
const CONFIGURATION = { currency: 'CHF', max_order_lines: 30 } as const;

/** Longest time until the shop that a repository describes serves for the first time, in seconds. */
const DEPLOYED_S = 90;

/** The rollout that a commit sets off, as either controller is asked for it. */
interface Controller {
  readonly spec: RolloutSpec;
  /** Kind of what a release changes. */
  readonly workload: string;
  /** Longest time from the application to the first pod that is ready, in seconds. */
  readonly start_s: number;
  /** The two Services that the gateway splits between, where they are not Flagger's. */
  readonly services?: typeof SERVICES;
  files(ctx: StackContext, shop: ReleaseInGit): Promise<RepositoryFiles>;
  deployed(ctx: StackContext): Promise<void>;
  /** Looks at the rollout before it begins; the result waits for its end. */
  watch(acting: Acting, load: RunningLoad): Promise<() => Promise<void>>;
}

interface ReleaseInGit {
  readonly release: string;
  readonly former: readonly string[];
  readonly document: unknown;
}

/** The Canary as it stands in Git. */
function canaryOf({ threshold = CANARY.threshold }: GitopsRollout): typeof CANARY {
  return { ...CANARY, threshold };
}

function byFlagger(namespace: string, rollout: GitopsRollout): Controller {
  const { load: profile, release = 'good', expected = 'promotion', bad_answers_pct = 0, settles } = rollout;
  const canary = canaryOf(rollout);
  const spec: FlaggerSpec = flaggerSpec(
    { release, expected, bad_answers_pct, canary, load: profile, ...(settles ? { settles } : {}) },
    namespace,
  );
  return {
    spec,
    workload: 'Deployment',
    // Flagger looks once in an interval, scales up, and the pods start.
    start_s: spec.interval_s + POD_START_S,
    files: (ctx, shop) => kustomizationFiles(ctx, { ...shop, namespace, canary }),
    deployed: (ctx) => untilInitialised(ctx, { namespace, deadline_s: DEPLOYED_S }),
    watch: async (acting, load) => () =>
      settleBy(rollout.until && { until: rollout.until }, { ...acting, spec }, () =>
        settleFlagger({ ...acting, spec }, load, profile),
      ),
  };
}

function byArgo(namespace: string, rollout: GitopsRollout): Controller {
  const { load: profile, release = 'good', expected = 'promotion', bad_answers_pct = 0, settles } = rollout;
  const spec: ArgoSpec = argoSpec(
    { release, expected, bad_answers_pct, load: profile, ...(settles ? { settles } : {}) },
    namespace,
  );
  return {
    spec,
    workload: 'Rollout',
    start_s: POD_START_S,
    services: SERVICES,
    async files(ctx, shop) {
      const manifests = await rolloutManifests(ctx, { ...shop, namespace });
      const by_argo = { controller: 'argo-rollouts', rollout: manifests } as const;
      return await kustomizationFiles(ctx, { ...shop, namespace, ...by_argo });
    },
    async deployed(ctx) {
      await untilRolloutEnded(ctx, { namespace, deadline_s: DEPLOYED_S });
    },
    async watch(acting, load) {
      const before = await stableHashOf(acting.ctx, namespace);
      return () => settleArgo({ ...acting, spec }, { load, profile, before });
    },
  };
}

/** Files of the repository with a release of the shop in it. */
async function filesOf(
  ctx: StackContext,
  { controller, rollout }: { readonly controller: Controller; readonly rollout: GitopsRollout },
  shop: ReleaseInGit,
): Promise<RepositoryFiles> {
  const { namespace } = controller.spec;
  const files =
    rollout.applier === 'kustomization'
      ? await controller.files(ctx, shop)
      : { ...(await chartFiles()), ...chartValues(ctx, { ...shop, namespace, canary: CANARY }) };
  return rollout.defect?.files ? rollout.defect.files(files) : files;
}

/** Ships a release of the shop by a commit, under load, and judges the recorded timeline. */
export async function gitopsRollout(run: ScenarioRun, rollout: GitopsRollout): Promise<Verdict> {
  const controller = (rollout.controller === 'flagger' ? byFlagger : byArgo)(run.run_id, rollout);
  const { spec } = controller;
  run.timeline.record({
    source: 'harness',
    kind: 'spec',
    subject: `${spec.namespace}/${spec.app}`,
    data: spec,
  });
  const by_configuration = rollout.changes === 'configuration';
  const expectation = declareDelivery(run, {
    applier: rollout.applier,
    workload: by_configuration ? `ConfigMap/shop-release-${STABLE}` : `${controller.workload}/${SHOP}`,
    outcome: 'applied',
    // Pods do not say which configuration they read: it is seen when the first of them answers, at the first weight.
    start_s: controller.start_s + (by_configuration ? spec.interval_s : 0),
  });
  return await onCluster(run, {
    act: (acting) => act({ ...acting, rollout, controller, expectation }),
    judge: judgeDelivery,
  });
}

interface GitopsAct extends Acting {
  readonly rollout: GitopsRollout;
  readonly controller: Controller;
  readonly expectation: DeliveryExpectation;
}

async function act(acting: GitopsAct): Promise<void> {
  const { run, ctx, cluster, namespace, rollout, controller } = acting;
  const { spec, services } = controller;
  await using repository = await run.phase('first commit', 'beginning the repository', async () => {
    const document = await releaseDocument('good', STABLE);
    const files = await filesOf(ctx, acting, { release: STABLE, former: [], document });
    return await beginGitops(acting, { applier: rollout.applier, files });
  });
  await run.phase('deploy', `deploying the shop by commit, release ${STABLE}`, () =>
    controller.deployed(ctx),
  );
  const subject = { kube: ctx.kube, cluster, spec, ...(services ? { services } : {}) };
  const from = Date.now();
  await using stack_observers = await observeStack(ctx, run.timeline);
  await using delivery = await observeDelivery(ctx.kube, namespace, run.timeline);
  await using observers = await observeRollout(subject, run.timeline);
  await using load = await beginLoad(acting, { profile: rollout.load, host: shopHost(namespace) });
  await run.phase('steady state', 'waiting for the steady state', () =>
    untilSteady(run, load, { subject: spec.app, profile: rollout.load, moment: 'before' }),
  );
  await rollout.defect?.before?.(acting);
  const settle = await controller.watch(acting, load);
  await run.phase('ship', `pushing the commit that ships ${NEXT}`, () => ship(acting, repository));
  await run.phase('settle', `waiting for the ${spec.expected}`, async () => {
    await using _broken = await rollout.beside?.(acting);
    await settle();
  });
  await rollout.settled?.(acting);
  await run.phase('end of load', 'ending the load', async () => {
    await load.stop();
    await recordRolloutSeries(subject, { from, to: Date.now() }, run.timeline);
    const open = [observers, delivery, stack_observers];
    await Promise.all(open.map((one) => one[Symbol.asyncDispose]()));
  });
}

/** Pushes the commit and waits until Flux says what became of it. */
async function ship(acting: GitopsAct, repository: RunRepository): Promise<void> {
  const { run, ctx, namespace, rollout, expectation } = acting;
  const shipped = await releaseDocument(rollout.release ?? 'good', NEXT);
  const by_configuration = rollout.changes === 'configuration';
  const document = by_configuration ? { ...Object(shipped), config: CONFIGURATION } : shipped;
  const files = by_configuration
    ? await configurationFiles(ctx, { namespace, release: STABLE, document })
    : await filesOf(ctx, acting, { release: NEXT, former: [STABLE], document });
  const message = by_configuration ? `Sell in ${CONFIGURATION.currency}` : `Ship release ${NEXT} of the shop`;
  const pushed = await pushRelease(acting, repository, { message, files, document });
  const within_s = 2 * expectation.source_interval_s + expectation.apply_s;
  await unlessLate(run, async () => {
    await run.timeline.until(commitApplied(expectation, pushed), within_s, run.signal);
    await run.timeline.until(commitTold(expectation, pushed), STEADY_S, run.signal);
  });
}
