import { trialsFor } from '#harness/core/binomial.ts';
import type { SplitExpectation } from '#harness/core/expectation.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import type { GatewayAdapter, GatewayName, Split } from '#harness/gateway/adapter.ts';
import { gatewayOf } from '#harness/gateway/gateways.ts';
import { judgeSplit } from '#harness/judge/split.ts';
import type { Manifest } from '#harness/kube/manifests.ts';
import { type ProfileName, profileOf } from '#harness/load/profiles.ts';
import { observeGateway } from '#harness/observe/gateway.ts';
import { observeService } from '#harness/observe/service.ts';
import type { TimelineCondition } from '#harness/observe/recorder.ts';
import type { Release } from '#harness/stack/shop.ts';
import { deployPair, pairSplit } from '#harness/stack/shop-pair.ts';
import { type Acting, beginLoad, onCluster, releaseDocument, untilSteady } from './on-cluster.ts';
import type { ScenarioRun } from './scenario-run.ts';
import type { SplitDefect } from './split-defects.ts';

/** A gateway that splits traffic by weights that the scenario declares. */
export interface SplitRun {
  readonly gateway: Exclude<GatewayName, 'istio'>;
  /** Shares of the canary that are declared one after the other, in percent. */
  readonly canary_pct: readonly number[];
  readonly load: ProfileName;
  /** Something about the gateway's routes that is broken on purpose. */
  readonly defect?: SplitDefect;
}

const PRIMARY = 'v1';
const CANARY = 'v2';
/** Pods of each release. */
const REPLICAS = 2;
/** Longest time until the pods of both releases are ready, in seconds. */
const PODS_S = 60;

/** An error of two points must be found in 19 of 20 runs, and a right split be accused in one of ten thousand. */
const TEST = { detect_pp: 2, power: 0.95, false_alarm: 1e-4 } as const;

/** Whole seconds lost at both ends of a period, and to a watch that is late. */
const EDGES_S = 3;

/** How long a split must stand for its test to have the power that is asked of it, in seconds. */
function standing_s(
  expected: SplitExpectation,
  canary_pct: number,
  rate_per_s: number,
  follow_ms: number,
): number {
  const answers = trialsFor({
    share: canary_pct / 100,
    shift: expected.detect_pp / 100,
    false_alarm: expected.false_alarm / expected.canary_pct.length,
    power: expected.power,
  });
  return Math.ceil(answers / rate_per_s + follow_ms / 1000) + EDGES_S;
}

/** Load was measured for so long after the last declared weights. */
function stood(canary_pct: number, seconds: number): TimelineCondition {
  return {
    awaited: `${seconds} s of load while ${canary_pct} % is declared`,
    holds: (timeline) => {
      const since = timeline
        .of('gateway', 'weight')
        .findLast(({ data }) => data.read_from !== 'live' && Math.abs(data.canary_pct - canary_pct) < 0.01);
      const measured = timeline.of('load', 'second').at(-1);
      return since !== undefined && measured !== undefined && measured.at - since.at >= seconds * 1000;
    },
  };
}

function manifestsFor(
  adapter: GatewayAdapter,
  split: Split,
  canary_pct: number,
  defect?: SplitDefect,
): Manifest[] {
  const objects = defect ? defect.objects(adapter, split, canary_pct) : adapter.objects(split, canary_pct);
  const position = { file: `harness/gateway/${adapter.name}.ts`, line: 1, column: 1 };
  return objects.map((object) => ({ object, position }));
}

/** Declares one split after the other under load, and judges whether users met what was declared. */
export async function splitTraffic(run: ScenarioRun, scenario: SplitRun): Promise<Verdict> {
  const expected: SplitExpectation = {
    of: 'split',
    namespace: run.run_id,
    gateway: scenario.gateway,
    primary_release: PRIMARY,
    canary_release: CANARY,
    canary_pct: scenario.canary_pct,
    ...TEST,
  };
  const subject = `${run.run_id}/${pairSplit(run.run_id).name}`;
  run.timeline.record({ source: 'harness', kind: 'expectation', subject, data: expected });
  return await onCluster(run, {
    act: (acting) => act(acting, scenario, expected),
    judge: judgeSplit,
  });
}

async function goodRelease(namespace: string, release: string): Promise<Release> {
  return { namespace, release, document: await releaseDocument('good', release) };
}

async function act(acting: Acting, scenario: SplitRun, expected: SplitExpectation): Promise<void> {
  const { run, ctx, cluster, namespace } = acting;
  const { load: profile, defect } = scenario;
  const adapter = gatewayOf(scenario.gateway);
  const split = pairSplit(namespace);
  const declare = (canary_pct: number): Promise<unknown> =>
    ctx.kube.apply(manifestsFor(adapter, split, canary_pct, defect), { namespace });
  await run.phase('deploy', `deploying releases ${PRIMARY} and ${CANARY} side by side`, async () => {
    const pair = {
      primary: await goodRelease(namespace, PRIMARY),
      canary: await goodRelease(namespace, CANARY),
      replicas: REPLICAS,
    };
    await deployPair(ctx, pair, PODS_S);
    await declare(0);
  });
  await using watching = await observeService({ kube: ctx.kube, namespace }, run.timeline);
  const watched = { namespace, app: split.name, gateway: scenario.gateway };
  await using gateway = await observeGateway(ctx.kube, watched, run.timeline);
  const port = cluster.ports[adapter.published];
  await using load = await beginLoad(acting, { profile, host: split.host, port });
  await run.phase('steady state', 'waiting for the steady state', () =>
    untilSteady(run, load, { subject: split.name, profile, moment: 'before' }),
  );
  for (const canary_pct of scenario.canary_pct) {
    const seconds = standing_s(
      expected,
      canary_pct,
      profileOf(profile).rate_per_s,
      adapter.follows.within_ms,
    );
    await run.phase(
      `${canary_pct} %`,
      `declaring ${canary_pct} % and measuring for ${seconds} s`,
      async () => {
        await declare(canary_pct);
        await run.timeline.until(stood(canary_pct, seconds), 2 * seconds, run.signal);
      },
    );
  }
  await run.phase('end of load', 'ending the load', async () => {
    await load.stop();
    await Promise.all([gateway[Symbol.asyncDispose](), watching[Symbol.asyncDispose]()]);
  });
}
