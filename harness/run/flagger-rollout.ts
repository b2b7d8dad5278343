import type { FlaggerSpec, RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { TERMINATION_GRACE_S } from '#harness/judge/budgets.ts';
import { gatewayOf } from '#harness/gateway/gateways.ts';
import { DEPLOYMENT } from '#harness/kube/recording.ts';
import type { Manifest } from '#harness/kube/manifests.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import type { ProfileName } from '#harness/load/profiles.ts';
import type { RunningLoad } from '#harness/load/running.ts';
import type { LoadUsers } from '#harness/load/settings.ts';
import type { TimelineCondition } from '#harness/observe/recorder.ts';
import {
  type CanaryOptions,
  canaryOptions,
  deployShop,
  type Reshape,
  type ShopDeployment,
  shipRelease,
  untilInitialised,
  untilPhase,
} from '#harness/stack/shop.ts';
import { type DeclaredAnalysis, declaredAnalysis } from './canary-shapes.ts';
import { releaseDocument, STEADY_S, unlessLate, untilSteady } from './on-cluster.ts';
import { alertInactive, canaryPodsGone, loadMeasured, told } from './rollout-conditions.ts';
import type { RolloutAct, SeededDefect } from './rollout-act.ts';
import type { RolloutExtras } from './rollout-extras.ts';
import { actRollout } from './rollout-frame.ts';
import {
  alertDeadline_s,
  commonSpec,
  endDeadline_s,
  loadOf,
  NEXT,
  runRollout,
  type Settles,
  settlesSpec,
  STABLE,
  STABLE_DOCUMENT,
} from './rollout-run.ts';
import type { ScenarioRun } from './scenario-run.ts';

/** A rollout of the shop by Flagger, and what must come of it. */
export interface FlaggerRollout {
  /** Name of the release document under `fixtures/releases` that is shipped. */
  readonly release: string;
  readonly expected: RolloutSpec['expected'];
  /** Share of the release's answers that are bad by construction, in percent. */
  readonly bad_answers_pct: number;
  readonly canary: CanaryOptions & {
    readonly interval_s: number;
    readonly threshold: number;
    readonly step_weight_pct: number;
    readonly max_weight_pct: number;
  };
  readonly load: ProfileName;
  /** The data plane; `traefik` when absent. */
  readonly gateway?: ShopDeployment['gateway'];
  /** Something broken on purpose, to prove that a rule notices. */
  readonly defect?: SeededDefect;
  /** What the scenario does beside the rollout. */
  readonly extras?: RolloutExtras;
  /** Release document of what serves before; `good` when absent. */
  readonly stable?: string;
  /** Orders go to PostgreSQL. */
  readonly database?: boolean;
  /** The way to the database leads through a proxy, which faults of the network act on. */
  readonly database_proxy?: boolean;
  /** Changes each object of the shop before it is applied, at the start and when a release is shipped. */
  readonly reshape?: Reshape;
  /** What the Canary says beyond its options: the rules judge by it, and the Canary is given it. */
  readonly declares?: DeclaredAnalysis;
  /** Further objects that are applied with the shop, as they are. */
  readonly beside?: readonly Manifest[];
  /** Users of the load that are told apart. */
  readonly users?: LoadUsers;
  /** The shop serves as a plain Deployment at first; the scenario itself makes the Canary. */
  readonly plain_first?: boolean;
  /** Takes the place of shipping by a new pod template; it must record what it ships. */
  readonly ship?: (act: RolloutAct, document: unknown, release: string) => Promise<void>;
  readonly settles?: Settles;
}

/** Longest time until Flagger has made the primary, in seconds. */
const INITIALISED_S = 90;

/** What a rollout declares before it acts. */
export function flaggerSpec(
  rollout: FlaggerRollout,
  namespace: string,
  load: ProfileName = rollout.load,
): FlaggerSpec {
  const { interval_s, threshold, step_weight_pct, max_weight_pct } = rollout.canary;
  const options = canaryOptions(rollout.canary);
  return {
    controller: 'flagger',
    namespace,
    app: 'shop',
    stable_release: STABLE,
    next_release: NEXT,
    expected: rollout.expected,
    ...(rollout.gateway ? { gateway: rollout.gateway } : {}),
    interval_s,
    threshold,
    step_weight_pct,
    max_weight_pct,
    progress_deadline_s: options.progress_deadline_s,
    check: { name: options.check_name, max_pct: options.check_max_pct },
    ...rollout.declares,
    ...commonSpec({ ...rollout, load }),
    ...settlesSpec(rollout),
  };
}

/** Ships a release of the shop through a real Canary under load, waits for the end, and judges the recorded timeline. */
export async function flaggerRollout(run: ScenarioRun, rollout: FlaggerRollout): Promise<Verdict> {
  const load = loadOf(run, rollout.load);
  const spec = flaggerSpec(rollout, run.run_id, load);
  return await runRollout(run, spec, (acting) => act({ ...acting, spec }, rollout, load));
}

async function act(acting: RolloutAct, rollout: FlaggerRollout, load: ProfileName): Promise<void> {
  const { run, ctx, cluster, spec } = acting;
  const { defect, extras, gateway = 'traefik', users } = rollout;
  const { namespace } = spec;
  const before = defect?.before;
  const shape = shapeOf(rollout);
  await actRollout(acting, {
    load,
    document: defect?.release ?? rollout.release,
    port: cluster.ports[gatewayOf(gateway).published],
    watched: {},
    extras,
    users,
    deploy: async () => {
      const shop: ShopDeployment = {
        ...shape,
        namespace,
        release: STABLE,
        gateway,
        document: await releaseDocument(rollout.stable ?? STABLE_DOCUMENT, STABLE),
        canary: { ...rollout.canary, ...defect?.canary },
        ...(rollout.plain_first ? { controller: 'none' } : {}),
      };
      await deployShop(ctx, shop, rollout.beside);
      if (rollout.plain_first) await untilPlainServes(acting);
      else await untilInitialised(ctx, { namespace, deadline_s: INITIALISED_S });
    },
    ...(before ? { sabotage: () => before(acting) } : {}),
    ...(defect?.load ? { spoil: defect.load } : {}),
    ship: async (file, release) => {
      const document = await releaseDocument(file, release);
      if (rollout.ship) return await rollout.ship(acting, document, release);
      await shipRelease(
        ctx,
        { ...shape, namespace, release, document, canary: rollout.canary },
        run.timeline,
      );
    },
    settle: (running) => settleFlagger(acting, running, load),
  });
}

/** How the shop's objects of this rollout differ from the usual ones. */
function shapeOf({
  database = false,
  database_proxy = false,
  reshape,
  declares,
}: FlaggerRollout): Pick<ShopDeployment, 'database' | 'database_proxy' | 'reshape'> {
  const shapes = [...(declares ? [declaredAnalysis(declares)] : []), ...(reshape ? [reshape] : [])];
  if (shapes.length === 0) return { database, database_proxy };
  return {
    database,
    database_proxy,
    reshape: (object) => shapes.reduce((shaped, shape) => shape(shaped), object),
  };
}

/** Waits until the shop's pods are there without anybody who rolls them out. Throws DeadlineError. */
async function untilPlainServes({ run, ctx, spec: { namespace, app } }: RolloutAct): Promise<void> {
  const { progress, signal } = run;
  const shop = { ...DEPLOYMENT, namespace, name: app };
  await ctx.kube.waitFor(isCurrent(shop), { deadline_s: INITIALISED_S, progress, signal });
}

/**
 * Waits for the end that the specification promises, and then for what must follow it. A deadline that passes is a
 * finding, not an error: the rules say what it means.
 */
export async function settleFlagger(
  { run, ctx, spec }: RolloutAct,
  load: RunningLoad,
  profile: ProfileName,
): Promise<void> {
  const { namespace } = spec;
  const until = (condition: TimelineCondition, deadline_s: number): Promise<void> =>
    unlessLate(run, () => run.timeline.until(condition, deadline_s, run.signal));
  await unlessLate(run, async () => {
    await untilPhase(ctx, ['Failed', 'Succeeded'], { namespace, deadline_s: endDeadline_s(spec) });
    run.progress('waiting for the pods, the message and the alert');
    await Promise.all([
      // Where few answers are bad, seconds of the release itself would pass for the steady state after it.
      until(loadMeasured(STEADY_S, Date.now()), 2 * STEADY_S),
      until(told(spec), STEADY_S),
      until(alertInactive(spec), alertDeadline_s(spec)),
      ...(spec.expected === 'rollback' ? [until(canaryPodsGone(spec), TERMINATION_GRACE_S)] : []),
    ]);
    await untilSteady(run, load, { subject: spec.app, profile, moment: 'after', deadline_s: 2 * STEADY_S });
  });
}
