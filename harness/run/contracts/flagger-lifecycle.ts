import type { Timeline } from '#harness/core/timeline.ts';
import { promotionBudget_s } from '#harness/judge/budgets.ts';
import { rolloutSubject } from '#harness/judge/endings.ts';
import type { CanaryOptions } from '#harness/stack/shop.ts';
import { shopManifests } from '#harness/stack/shop-manifests.ts';
import { releaseDocument, unlessLate } from '../on-cluster.ts';
import type { LoadedAct } from '../rollout-extras.ts';
import { STABLE, STABLE_DOCUMENT } from '../rollout-run.ts';
import { prepareUpgrade, upgradeFlagger } from '../upgrade.ts';
import { GOOD_RELEASE, type FlaggerCase } from './case.ts';
import { awaitCanary, passTime } from './canary-waits.ts';
import { phaseThenLoad } from './flagger-until.ts';

const CANARY = {
  interval_s: 10,
  threshold: 2,
  step_weight_pct: 50,
  max_weight_pct: 50,
} as const satisfies CanaryOptions;

/** Longest time until Flagger has made the primary, in seconds. */
const INITIALISED_S = 60;

/** Phases in which a Canary rests. */
const RESTS: ReadonlySet<string> = new Set(['Initialized', 'Succeeded']);

/** Ticks that a new Flagger is watched for: the first of them may find it busy with its start. */
const WATCHED_TICKS = 2;

/** The Canary comes to a Deployment that serves; once it is initialised, the route is led to its split. */
async function makeCanary(act: LoadedAct): Promise<void> {
  const { run, ctx, namespace } = act;
  const document = await releaseDocument(STABLE_DOCUMENT, STABLE);
  const shop = { namespace, release: STABLE, document, canary: CANARY };
  await run.phase('make the Canary', 'making the Canary of a Deployment that serves', async () => {
    const initialised = awaitCanary(
      act,
      'the Canary to be initialised',
      INITIALISED_S,
      ({ phase }) => phase === 'Initialized',
    );
    await ctx.kube.apply(await shopManifests(ctx, shop, ['canary']), { namespace });
    await initialised;
  });
  await run.phase('lead the route', "leading the route to the Canary's split", async () => {
    await ctx.kube.apply(await shopManifests(ctx, shop, ['route']), { namespace });
  });
  await passTime(act, CANARY.interval_s);
}

/** The definitions first, as its notes tell; then, under load, the program. What it begins unasked is let to its end. */
async function upgrade(act: LoadedAct): Promise<void> {
  const { run, spec } = act;
  const newer = await prepareUpgrade(act);
  await run.phase('upgrade Flagger', 'replacing Flagger by a newer one', () => upgradeFlagger(act, newer));
  await passTime(act, (WATCHED_TICKS + 1) * spec.interval_s);
  const subject = rolloutSubject(spec);
  const rests = {
    awaited: `${subject} to rest`,
    holds: (timeline: Timeline) =>
      RESTS.has(
        String(
          timeline.of('kubernetes', 'object').findLast((record) => record.subject === subject)?.data.fields[
            'phase'
          ],
        ),
      ),
  };
  await unlessLate(run, () => run.timeline.until(rests, promotionBudget_s(spec), run.signal));
}

const PROMOTED = {
  ...GOOD_RELEASE,
  canary: CANARY,
} as const;

/** The beginning of a Canary's life. */
export const FLAGGER_LIFECYCLE: readonly FlaggerCase[] = [
  {
    name: 'initialised-under-load',
    title: 'F32: a Deployment that serves becomes a Canary without losing a request, and is rolled out then',
    rollout: {
      ...PROMOTED,
      plain_first: true,
      extras: { steady: makeCanary },
      settles: {
        contracts: ['F32'],
        rules_left_out: {
          'routes-agree': 'the route leads to the split only once the Canary is initialised',
        },
      },
    },
  },
];

/** A newer version of Flagger, on a cluster of its own: everybody else on it would notice. */
export const FLAGGER_UPGRADE: readonly FlaggerCase[] = [
  {
    name: 'upgraded',
    title:
      'F31: a newer Flagger takes a Canary over without rolling it out again, and promotes the next release',
    rollout: {
      ...PROMOTED,
      extras: {
        // Once before anything is watched: new definitions end the watches of what they define.
        prepared: async (act) => void (await prepareUpgrade(act)),
        steady: upgrade,
        // The Canary may be in its last phase already, from what the newer version began unasked.
        until: phaseThenLoad(['Succeeded', 'Failed'], 8),
      },
      settles: {
        contracts: ['F31'],
        rules_left_out: {
          'traffic-share':
            'what the newer version begins unasked has a share as well, under the name of the stable release',
        },
        known_break: { contract: 'F31', thread: 'fluxcd/flagger#1673' },
      },
    },
  },
];
