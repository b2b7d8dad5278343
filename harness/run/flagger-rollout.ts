import type { FlaggerSpec, RolloutSpec } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { TERMINATION_GRACE_S } from '#harness/judge/budgets.ts';
import { gatewayOf } from '#harness/gateway/gateways.ts';
import type { ProfileName } from '#harness/load/profiles.ts';
import type { RunningLoad } from '#harness/load/running.ts';
import { observeRollout, recordRolloutSeries } from '#harness/observe/rollout.ts';
import type { TimelineCondition } from '#harness/observe/recorder.ts';
import { observeStack } from '#harness/stack/stack.ts';
import {
  canaryOptions,
  deployShop,
  type ShopDeployment,
  shipRelease,
  shopHost,
  untilInitialised,
  untilPhase,
} from '#harness/stack/shop.ts';
import { beginLoad, releaseDocument, STEADY_S, unlessLate, untilSteady } from './on-cluster.ts';
import { alertInactive, canaryPodsGone, told } from './rollout-conditions.ts';
import type { RolloutAct, SeededDefect } from './rollout-act.ts';
import { type RolloutExtras, settleBy } from './rollout-extras.ts';
import {
  alertDeadline_s,
  commonSpec,
  endDeadline_s,
  NEXT,
  runRollout,
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
  readonly canary: {
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
}

/** Longest time until Flagger has made the primary, in seconds. */
const INITIALISED_S = 90;

/** What a rollout declares before it acts. */
export function flaggerSpec(rollout: FlaggerRollout, namespace: string): FlaggerSpec {
  const options = canaryOptions(rollout.canary);
  return {
    controller: 'flagger',
    namespace,
    app: 'shop',
    stable_release: STABLE,
    next_release: NEXT,
    expected: rollout.expected,
    ...(rollout.gateway ? { gateway: rollout.gateway } : {}),
    ...rollout.canary,
    check: { name: options.check_name, max_pct: options.check_max_pct },
    ...commonSpec(rollout),
  };
}

/** Ships a release of the shop through a real Canary under load, waits for the end, and judges the recorded timeline. */
export async function flaggerRollout(run: ScenarioRun, rollout: FlaggerRollout): Promise<Verdict> {
  const spec = flaggerSpec(rollout, run.run_id);
  return await runRollout(run, spec, (acting) => act({ ...acting, spec }, rollout));
}

async function act(acting: RolloutAct, rollout: FlaggerRollout): Promise<void> {
  const { run, ctx, cluster, spec } = acting;
  const { defect, extras, gateway = 'traefik' } = rollout;
  const { namespace } = spec;
  await using broken = new AsyncDisposableStack();
  await run.phase('deploy', `deploying the shop, release ${STABLE}`, async () => {
    await deployShop(ctx, {
      namespace,
      release: STABLE,
      gateway,
      document: await releaseDocument(STABLE_DOCUMENT, STABLE),
      canary: { ...rollout.canary, ...defect?.canary },
    });
    await untilInitialised(ctx, { namespace, deadline_s: INITIALISED_S });
  });
  if (defect?.before) broken.use(await defect.before(acting));
  await extras?.prepared?.(acting);

  const subject = { kube: ctx.kube, cluster, spec };
  const from = Date.now();
  await using stack_observers = await observeStack(ctx, run.timeline);
  await using observers = await observeRollout(subject, run.timeline);
  const port = cluster.ports[gatewayOf(gateway).published];
  await using load = await beginLoad(acting, { profile: rollout.load, host: shopHost(namespace), port });
  const steady = { subject: spec.app, profile: rollout.load };
  await run.phase('steady state', 'waiting for the steady state', () =>
    untilSteady(run, load, { ...steady, moment: 'before' }),
  );
  await extras?.steady?.(acting);
  if (defect?.load) broken.use(defect.load(load));

  await run.phase('ship', `shipping release ${NEXT} (${defect?.release ?? rollout.release})`, async () => {
    const document = await releaseDocument(defect?.release ?? rollout.release, NEXT);
    await shipRelease(ctx, { namespace, release: NEXT, document }, run.timeline);
  });
  await run.phase('settle', `waiting for the ${spec.expected}`, () =>
    settleBy(extras, acting, () => settleFlagger(acting, load, rollout.load)),
  );
  await run.phase('end of load', 'ending the load', async () => {
    await load.stop();
    await recordRolloutSeries(subject, { from, to: Date.now() }, run.timeline);
    await extras?.ended?.(acting, from);
    await Promise.all([observers[Symbol.asyncDispose](), stack_observers[Symbol.asyncDispose]()]);
  });
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
      until(told(spec), STEADY_S),
      until(alertInactive(spec), alertDeadline_s(spec)),
      ...(spec.expected === 'rollback' ? [until(canaryPodsGone(spec), TERMINATION_GRACE_S)] : []),
    ]);
    await untilSteady(run, load, { subject: spec.app, profile, moment: 'after', deadline_s: 2 * STEADY_S });
  });
}
