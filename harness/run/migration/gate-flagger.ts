/** The guard as Flagger's pre-rollout webhook: a gate beside the shop waits for the guard's Job and starts the migration's. */
import { CANARY } from '#harness/kube/recording.ts';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import { manifestsOf } from '#harness/stack/component.ts';
import { GUARD_S } from '#harness/stack/shop-guard.ts';
import { shopManifests } from '#harness/stack/shop-manifests.ts';
import {
  SHOP,
  type CanaryOptions,
  deployShop,
  type Reshape,
  shipRelease,
  untilInitialised,
  untilPhase,
} from '#harness/stack/shop.ts';
import { type Acting, releaseDocument } from '../on-cluster.ts';
import { NEXT, STABLE } from '../rollout-run.ts';
import { releaseSettled } from '../service-conditions.ts';
import { migrationMap } from '#harness/stack/shop-migration.ts';
import type { GateWay } from './gate.ts';

const OPTIONS = {
  interval_s: 10,
  threshold: 2,
  step_weight_pct: 50,
  max_weight_pct: 50,
} as const satisfies CanaryOptions;
/** Pods of the primary. */
const REPLICAS = 2;
const INITIALISED_S = 90;
/** A rollout takes so long beside its gate. */
const ROLLOUT_S = 120;
/**
 * How long the gate holds its answer back, and how long Flagger waits for it: each answer that is no yes counts as a failed
 * check, so an answer that only says "not yet" would use them up.
 */
const WAIT_S = GUARD_S + 10;
const HOOK_TIMEOUT_S = WAIT_S + 10;

/** The Canary with the gate of a migration before its first step. */
function gatedBy(namespace: string, migration: string): Reshape {
  const webhook = {
    name: 'migration-gate',
    type: 'pre-rollout',
    url: `http://migration-gate.${namespace}:8080/pre-rollout`,
    timeout: `${HOOK_TIMEOUT_S}s`,
    metadata: { guard: `shop-guard-${migration}`, migration: migrationMap(migration) },
  };
  return (object: KubeObject): KubeObject => {
    if (object.kind !== 'Canary') return object;
    const spec = Object(object['spec']);
    return {
      ...object,
      spec: { ...spec, analysis: { ...Object(Reflect.get(spec, 'analysis')), webhooks: [webhook] } },
    };
  };
}

/** What Flagger said last of the hook that did not let it go on; undefined where it gave the release up for another reason. */
function refusalOf({ run, namespace }: Acting): string | undefined {
  const said = run.timeline
    .snapshot()
    .of('kubernetes', 'event')
    .findLast(
      ({ subject, data }) =>
        subject.startsWith(`Canary/${namespace}/`) && data.message.includes('pre-rollout'),
    );
  if (said) return `Flagger says: ${said.data.message}`;
  run.note('Flagger gave the release up, and not at its gate');
  return undefined;
}

/** By a changed Deployment, as Flagger rolls it out. */
export function flaggerGate(): GateWay {
  return {
    by: 'flagger',
    starts_job: true,
    // Flagger asks whether pods are ready before it asks its hooks, so a release that needs the column would never be asked for.
    file: 'good',
    kinds: [CANARY],
    async deploy({ ctx, namespace }) {
      const document = await releaseDocument('good', STABLE);
      const gate = await manifestsOf(ctx, 'migration-gate', { namespace, wait_s: String(WAIT_S) });
      await deployShop(ctx, { namespace, release: STABLE, document, canary: OPTIONS, database: true }, gate);
      await untilInitialised(ctx, { namespace, deadline_s: INITIALISED_S });
    },
    async ship({ run, ctx, namespace }, { file, migration, manifests }) {
      const document = await releaseDocument(file, NEXT);
      const shop = { namespace, release: NEXT, document, database: true };
      const gated = { ...shop, canary: OPTIONS, reshape: gatedBy(namespace, migration) };
      const canary = await shopManifests(ctx, gated, ['canary']);
      await ctx.kube.apply([...manifests.guard, ...manifests.migration, ...canary], { namespace });
      await shipRelease(ctx, shop, run.timeline);
    },
    async ended(acting) {
      const { run, ctx, namespace } = acting;
      const deadline_s = WAIT_S + ROLLOUT_S;
      const end = await untilPhase(ctx, ['Failed', 'Succeeded'], { namespace, deadline_s });
      if (end === 'Failed') return refusalOf(acting);
      await run.timeline.until(
        releaseSettled({ namespace, app: SHOP }, NEXT, REPLICAS),
        ROLLOUT_S,
        run.signal,
      );
      return undefined;
    },
  };
}
