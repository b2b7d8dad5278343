import { stringify } from 'yaml';
import { HOOKS } from '#harness/judge/contracts/flagger/calls.ts';
import { CONFIG_MAP } from '#harness/kube/recording.ts';
import { shipRelease, shopCanary } from '#harness/stack/shop.ts';
import { webhooks } from '../canary-shapes.ts';
import { weightReached } from '../moments.ts';
import { releaseDocument } from '../on-cluster.ts';
import type { RolloutAct } from '../rollout-act.ts';
import type { LoadedAct } from '../rollout-extras.ts';
import { BAD_RELEASE, GOOD_RELEASE, type FlaggerCase } from './case.ts';
import { awaitCanary } from './canary-waits.ts';
import { hook } from './flagger-gates.ts';

/** Name of the release that is replaced in the middle of its analysis. */
const REPLACED = 'v1-half';

/** Longest time until the replaced release has met a failed check, in seconds: three ticks and the start of its pods. */
const HALF_WAY_S = 60;

/** Longest time until a release that is never ready is given up, in seconds. */
const GIVEN_UP_S = 75;

async function replaceHalfWay(act: LoadedAct): Promise<void> {
  await act.ship('errors-50', REPLACED);
  await awaitCanary(
    act,
    'a failed check of the first release',
    HALF_WAY_S,
    (fields) => Number(fields['failed_checks']) >= 1,
  );
}

/** A good release is under analysis, and its map is about to be broken. */
async function beginGood({ ctx, run, namespace, ...act }: LoadedAct): Promise<void> {
  const document = await releaseDocument('good', REPLACED);
  await shipRelease(ctx, { namespace, release: REPLACED, document }, run.timeline);
  await awaitCanary(
    { ctx, run, namespace, ...act },
    'the first weight of the first release',
    HALF_WAY_S,
    (fields) => Number(fields['weight_pct']) > 0,
  );
}

async function breakMap(
  { run, ctx, namespace }: RolloutAct,
  document: unknown,
  release: string,
): Promise<void> {
  const name = `shop-release-${REPLACED}`;
  const at = Date.now();
  await ctx.kube.patch({ ...CONFIG_MAP, namespace, name }, { data: { 'release.yaml': stringify(document) } });
  const subject = `ConfigMap/${namespace}/${name}`;
  run.timeline.record({ at, source: 'release', kind: 'shipped', subject, data: { release, document } });
}

async function skipAnalysis({ ctx, namespace }: LoadedAct): Promise<void> {
  await ctx.kube.patch(shopCanary(namespace), { spec: { skipAnalysis: true } });
}

async function neverReady(act: LoadedAct): Promise<void> {
  await act.ship('never-ready', 'v3');
  await awaitCanary(
    act,
    'the release that is never ready to be given up',
    GIVEN_UP_S,
    ({ phase }) => phase === 'Failed',
  );
}

/** What becomes of an analysis that is overtaken: by a new revision, or by the wish to skip it. */
export const FLAGGER_REVISIONS: readonly FlaggerCase[] = [
  {
    name: 'overtaken',
    title:
      'F21, F25: a new revision in the middle of an analysis begins anew with nothing, and is promoted by its own steps',
    rollout: {
      ...GOOD_RELEASE,
      canary: { interval_s: 10, threshold: 4, step_weight_pct: 20, max_weight_pct: 50 },
      declares: { step_weight_promotion_pct: 30 },
      extras: { steady: replaceHalfWay },
      settles: {
        contracts: ['F21', 'F25'],
        rules_left_out: {
          'traffic-share': 'two releases share the weight until the analysis begins anew',
          'no-other-loss': 'the release that is replaced fails half of its requests',
          alert: 'the release that is replaced disturbs it before the judged one is shipped',
          'steady-before': 'the release that is replaced fails half of its requests by then',
          'judge-saw': 'checks of the release that is replaced fail until the analysis begins anew',
        },
      },
    },
  },
  {
    name: 'skipped',
    title:
      'F18, F23: skipAnalysis promotes what is under analysis, and still gives up what never becomes ready',
    rollout: {
      ...GOOD_RELEASE,
      canary: {
        interval_s: 10,
        threshold: 2,
        step_weight_pct: 10,
        max_weight_pct: 50,
        progress_deadline_s: 20,
      },
      reshape: webhooks([hook(HOOKS.post_rollout)]),
      extras: {
        during: [
          {
            name: 'skip the analysis',
            title: 'asking Flagger to skip the analysis',
            when: weightReached(20),
            act: skipAnalysis,
          },
        ],
        settled: neverReady,
      },
      settles: {
        contracts: ['F18', 'F23'],
        rules_left_out: { 'chat-calm': 'a second release is rolled back on purpose' },
      },
    },
  },
  {
    name: 'overtaken-by-map',
    title: 'F21: a map that is broken in the middle of an analysis is not promoted without a look at it',
    rollout: {
      ...BAD_RELEASE,
      canary: { interval_s: 10, threshold: 2, step_weight_pct: 20, max_weight_pct: 40 },
      // The time of a promotion, which comes where the contract is broken.
      declares: { held_s: 30 },
      ship: breakMap,
      extras: { steady: beginGood },
      settles: {
        contracts: ['F21'],
        rules_left_out: { 'steady-before': 'another release has its first weight by then' },
        known_break: { contract: 'F21', thread: 'fluxcd/flagger#30' },
      },
    },
  },
];
