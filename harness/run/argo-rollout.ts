import type { ArgoSpec, RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { goneBudget, POD_START_S } from '#harness/judge/budgets.ts';
import { DEPLOYMENT } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import type { ProfileName } from '#harness/load/profiles.ts';
import type { RunningLoad } from '#harness/load/running.ts';
import type { TimelineCondition } from '#harness/observe/recorder.ts';
import { type Reshape, SHOP } from '#harness/stack/shop.ts';
import {
  deployRolloutShop,
  moveToRollout,
  type RolloutOptions,
  rolloutOptions,
  shipToRollout,
  stableHashOf,
  untilRolloutEnded,
} from '#harness/stack/shop-argo.ts';
import type { ArgoDefect } from './argo-defects.ts';
import { type Acting, releaseDocument, STEADY_S, unlessLate, untilSteady } from './on-cluster.ts';
import { alertInactive, canaryPodsGone, loadMeasured, told, workloadGone } from './rollout-conditions.ts';
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

/** A rollout of the shop by Argo Rollouts, and what must come of it. */
export interface ArgoRollout {
  /** Name of the release document under `fixtures/releases` that is shipped. */
  readonly release: string;
  readonly expected: RolloutSpec['expected'];
  /** Share of the release's answers that are bad by construction, in percent. */
  readonly bad_answers_pct: number;
  readonly load: ProfileName;
  /** What differs from the defaults of `rolloutOptions`. */
  readonly rollout?: RolloutOptions;
  /** The shop is a plain Deployment first, which the Rollout takes over under load, before the release is shipped. */
  readonly from_deployment?: boolean;
  /** Something broken on purpose, to prove that a rule notices. */
  readonly defect?: ArgoDefect;
  /** What the scenario does beside the rollout. */
  readonly extras?: RolloutExtras;
  /** Release document of what serves before; `good` when absent. */
  readonly stable?: string;
  /** Changes each object of the shop before it is applied, at the start and when a release is shipped. */
  readonly reshape?: Reshape;
  readonly settles?: Settles;
}

/** Longest time until the shop serves for the first time, in seconds: its images may have to be unpacked. */
const DEPLOYED_S = 60;

/** The two Services that the gateway splits between, and the one that a blue/green rollout switches. */
export const SERVICES = { primary: `${SHOP}-stable`, canary: `${SHOP}-canary` } as const;
const ACTIVE = `${SHOP}-active`;

/** What a rollout by Argo Rollouts acts with. */
export interface ArgoAct extends Acting {
  readonly spec: ArgoSpec;
}

/** A Deployment is scaled down as the Rollout comes up, unless something else is asked for. */
function optionsOf({ rollout, from_deployment }: ArgoRollout): RolloutOptions {
  return { ...(from_deployment ? { workload_scale_down: 'progressively' } : {}), ...rollout };
}

/** What a rollout declares before it acts. */
export function argoSpec(
  rollout: ArgoRollout,
  namespace: string,
  load: ProfileName = rollout.load,
): ArgoSpec {
  const options = rolloutOptions(optionsOf(rollout));
  const { strategy, steps, initial_delay_s, window_s, failure_limit, interval_s } = options;
  return {
    controller: 'argo-rollouts',
    namespace,
    app: SHOP,
    stable_release: STABLE,
    next_release: NEXT,
    expected: rollout.expected,
    strategy,
    ...(rollout.from_deployment ? { from_deployment: true } : {}),
    steps,
    interval_s,
    initial_delay_s,
    window_s,
    failure_limit,
    ...(strategy === 'blue-green'
      ? { measurements: options.measurements, auto_promotion_s: options.auto_promotion_s }
      : {}),
    scale_down_delay_s: options.scale_down_delay_s,
    abort_scale_down_delay_s: options.abort_scale_down_delay_s,
    check: { name: options.check_name, max_pct: options.check_max_pct },
    ...commonSpec({ ...rollout, load }),
    ...settlesSpec(rollout),
  };
}

/** Ships a release of the shop through a real Rollout under load, waits for the end, and judges the recorded timeline. */
export async function argoRollout(run: ScenarioRun, rollout: ArgoRollout): Promise<Verdict> {
  const load = loadOf(run, rollout.load);
  const spec = argoSpec(rollout, run.run_id, load);
  return await runRollout(run, spec, (acting) => act({ ...acting, spec }, rollout, load));
}

async function act(acting: ArgoAct, rollout: ArgoRollout, profile: ProfileName): Promise<void> {
  const { run, ctx, cluster, spec } = acting;
  const { defect, extras, from_deployment = false, reshape } = rollout;
  const { namespace } = spec;
  const shop = {
    namespace,
    rollout: { ...optionsOf(rollout), ...defect?.rollout },
    ...(reshape ? { reshape } : {}),
  };
  const stable = {
    ...shop,
    release: STABLE,
    document: await releaseDocument(rollout.stable ?? STABLE_DOCUMENT, STABLE),
  };
  let before = '';
  await actRollout(acting, {
    load: profile,
    document: rollout.release,
    port: cluster.ports.gateway,
    watched: spec.strategy === 'canary' ? { services: SERVICES } : { switched: ACTIVE },
    extras,
    deploy: async () => {
      await deployRolloutShop(ctx, stable, from_deployment ? 'deployment' : 'rollout');
      if (!from_deployment) await untilRolloutEnded(ctx, { namespace, deadline_s: DEPLOYED_S });
      else {
        const serving = isCurrent({ ...DEPLOYMENT, namespace, name: SHOP });
        const waiting = { deadline_s: DEPLOYED_S, progress: ctx.progress, signal: run.signal };
        await ctx.kube.waitFor(serving, waiting);
      }
    },
    beforeSteady: async (load) => {
      if (!from_deployment) return;
      await run.phase('steady deployment', 'waiting for the steady state of the Deployment', () =>
        untilSteady(run, load, { subject: spec.app, profile, moment: 'before' }),
      );
      await run.phase('move', 'moving the Deployment to a Rollout', async () => {
        await moveToRollout(ctx, stable);
        await untilRolloutEnded(ctx, { namespace, deadline_s: 2 * POD_START_S });
        if (shop.rollout.workload_scale_down === 'never') return;
        await unlessLate(run, () => run.timeline.until(workloadGone(spec), 2 * POD_START_S, run.signal));
      });
    },
    ship: async (file, release) => {
      before = await stableHashOf(ctx, namespace);
      const next = { ...shop, release, document: await releaseDocument(file, release) };
      await shipToRollout(ctx, next, run.timeline);
    },
    settle: (load) => settleArgo(acting, { load, profile, before }),
  });
}

interface Settling {
  readonly load: RunningLoad;
  readonly profile: ProfileName;
  /** Stable hash before the release was shipped. */
  readonly before: string;
}

/**
 * Waits for the end that the specification promises, and then for what must follow it. A deadline that passes is a
 * finding, not an error: the rules say what it means.
 */
export async function settleArgo(
  { run, ctx, spec }: ArgoAct,
  { load, profile, before }: Settling,
): Promise<void> {
  const { namespace } = spec;
  const until = (condition: TimelineCondition, deadline_s: number): Promise<void> =>
    unlessLate(run, () => run.timeline.until(condition, deadline_s, run.signal));
  await unlessLate(run, async () => {
    const end = await untilRolloutEnded(ctx, { namespace, deadline_s: endDeadline_s(spec), before });
    const as_expected = end === (spec.expected === 'rollback' ? 'aborted' : 'rolled-out');
    run.progress('waiting for the pods, the messages and the alert');
    await Promise.all([
      until(loadMeasured(STEADY_S, Date.now()), 2 * STEADY_S),
      until(told(spec), STEADY_S),
      // Another end than the promised one is not followed by what would follow that.
      ...(as_expected ? [until(alertInactive(spec), alertDeadline_s(spec))] : []),
      ...(end === 'aborted' ? [until(canaryPodsGone(spec), goneBudget(spec).seconds)] : []),
    ]);
    await untilSteady(run, load, { subject: spec.app, profile, moment: 'after', deadline_s: 2 * STEADY_S });
  });
}
