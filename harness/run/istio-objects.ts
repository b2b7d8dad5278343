import type { RoutesExpectation } from '#harness/core/expectation.ts';
import { MettleError } from '#harness/core/errors.ts';
import { nameOf } from '#harness/core/kubernetes.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import type { Split } from '#harness/gateway/adapter.ts';
import { gatewayOf } from '#harness/gateway/gateways.ts';
import { judgeRoutes } from '#harness/judge/routes.ts';
import { CANARY, DEPLOYMENT, objectsOf, recordWatches, ROLLOUT } from '#harness/kube/recording.ts';
import type { TimelineCondition } from '#harness/observe/recorder.ts';
import { observeDeclared } from '#harness/observe/gateway.ts';
import { untilInitialised } from '#harness/stack/shop.ts';
import { argoSplit, flaggerSplit, istioShops } from '#harness/stack/shop-istio.ts';
import { type Acting, onCluster, releaseDocument, unlessLate } from './on-cluster.ts';
import type { ScenarioRun } from './scenario-run.ts';

const STABLE = 'v1';
const NEXT = 'v2';
/** Weights that both controllers are told to go through, in percent. */
const STEPS_PCT: readonly number[] = [20, 40];
/** Name of a VirtualService that breaks the definitions. */
const MALFORMED = 'malformed';
/** Longest time until the first release is up, and until the next is promoted, in seconds. */
const BUDGET_S = { first: 90, promotion: 120 } as const;

const ISTIO = gatewayOf('istio');
const DESTINATION_RULE = { ...ISTIO.declares, kind: 'DestinationRule' } as const;

function subjectOf(kind: string, namespace: string, name: string): string {
  return nameOf({ kind, metadata: { namespace, name } });
}

/** What both controllers must write. Argo Rollouts gives a release all the weight before it becomes the stable one. */
function expectation(namespace: string): RoutesExpectation {
  const service = (split: Split): string => subjectOf('VirtualService', namespace, split.name);
  const flagger = flaggerSplit(namespace);
  return {
    of: 'routes',
    namespace,
    gateway: 'istio',
    writers: [
      {
        controller: 'flagger',
        object: service(flagger),
        canary_pct: [0, ...STEPS_PCT, 0],
        also: [flagger.primary, flagger.canary].map((name) => subjectOf('DestinationRule', namespace, name)),
      },
      {
        controller: 'argo-rollouts',
        object: service(argoSplit(namespace)),
        canary_pct: [0, ...STEPS_PCT, 100, 0],
        also: [],
      },
    ],
    refused: [subjectOf('VirtualService', namespace, MALFORMED)],
  };
}

/** Both controllers went through all their weights. */
function declaredAll({ writers }: RoutesExpectation): TimelineCondition {
  return {
    awaited: writers
      .map(({ controller, canary_pct }) => `${controller} to declare ${canary_pct.join(', ')} %`)
      .join(' and '),
    holds: (timeline) =>
      writers.every(
        ({ object, canary_pct }) =>
          timeline.of('gateway', 'weight').filter(({ subject }) => subject === object).length >=
          canary_pct.length,
      ),
  };
}

/**
 * Lets Flagger and Argo Rollouts roll a release out through Istio's objects, with Istio's definitions and without its data
 * plane, and judges what they wrote. No traffic is sent.
 */
export async function istioObjects(run: ScenarioRun): Promise<Verdict> {
  const expected = expectation(run.run_id);
  run.timeline.record({ source: 'harness', kind: 'expectation', subject: run.run_id, data: expected });
  return await onCluster(run, { act: (acting) => act(acting, expected), judge: judgeRoutes });
}

async function act(acting: Acting, expected: RoutesExpectation): Promise<void> {
  const { run, ctx, namespace } = acting;
  const { kube } = ctx;
  const release = async (name: string) => ({
    namespace,
    release: name,
    document: await releaseDocument('good', name),
  });
  const kinds = [CANARY, ROLLOUT, DEPLOYMENT, DESTINATION_RULE, ISTIO.declares];
  const recorded = kinds.map((kind) => objectsOf({ ...kind, namespace }));
  await using objects = await recordWatches(kube, 'kubernetes', recorded, run.timeline);
  await using flagger = await observeDeclared(kube, 'istio', flaggerSplit(namespace), run.timeline);
  await using argo = await observeDeclared(kube, 'istio', argoSplit(namespace), run.timeline);
  await run.phase('deploy', `deploying release ${STABLE} for both controllers`, async () => {
    await kube.apply(await istioShops(ctx, await release(STABLE), { steps_pct: STEPS_PCT, first: true }), {
      namespace,
    });
    await untilInitialised(ctx, { namespace, deadline_s: BUDGET_S.first });
    const { name } = argoSplit(namespace);
    await kube.waitFor(
      {
        awaited: `Rollout/${namespace}/${name} to be healthy`,
        of: { ...ROLLOUT, namespace, name },
        test([rollout]) {
          const seen = String(Reflect.get(Object(rollout?.['status']), 'phase') ?? 'no phase');
          return rollout && seen === 'Healthy' ? { met: true, value: rollout } : { met: false, seen };
        },
      },
      { deadline_s: BUDGET_S.first, progress: run.progress, signal: run.signal },
    );
  });
  await run.phase('refusal', 'offering a VirtualService that breaks the definitions', async () => {
    const refusal = await offerMalformed(acting);
    run.note(refusal ?? 'the API server took a VirtualService that breaks the definitions');
  });
  await run.phase('ship', `shipping release ${NEXT} through both controllers`, async () => {
    const manifests = await istioShops(ctx, await release(NEXT), { steps_pct: STEPS_PCT, first: false });
    await kube.apply(manifests, { namespace });
  });
  await run.phase('settle', 'waiting for both promotions', () =>
    unlessLate(run, () => run.timeline.until(declaredAll(expected), BUDGET_S.promotion, run.signal)),
  );
  await Promise.all([flagger, argo, objects].map((observer) => observer[Symbol.asyncDispose]()));
}

/** Why the API server refused a weight that is no number; undefined when it did not. */
async function offerMalformed({ ctx, namespace }: Acting): Promise<string | undefined> {
  const [sound] = ISTIO.objects({ ...flaggerSplit(namespace), name: MALFORMED }, 50);
  if (sound === undefined) return undefined;
  const spec = structuredClone(Object(sound['spec']));
  Reflect.set(Object(Reflect.get(Reflect.get(spec, 'http')[0], 'route')[0]), 'weight', 'half');
  const position = { file: 'harness/run/istio-objects.ts', line: 1, column: 1 };
  try {
    await ctx.kube.apply([{ object: { ...sound, spec }, position }], { namespace });
    return undefined;
  } catch (error) {
    if (!(error instanceof MettleError)) throw error;
    return `refused as it must be: ${error.message}`;
  }
}
