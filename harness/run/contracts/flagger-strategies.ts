import { analysis, canarySpec, plainRoute } from '../canary-shapes.ts';
import { recordSeries } from '#harness/observe/series.ts';
import type { EpochMs } from '#harness/core/timeline.ts';
import type { AnyRolloutAct } from '../rollout-extras.ts';
import { BAD_RELEASE, GOOD_RELEASE, type FlaggerCase } from './case.ts';
import { together } from './reshape.ts';

/** Header by which a share of the users asks for the next release. */
const HEADER = { name: 'x-user-group', value: 'early' } as const;

/** Cookie by which a user stays with the release. */
const COOKIE = 'mettle-release';

/** A user gives the cookie up with the next request, and that must have come before the run ends. */
const RETURNING = 'returning-300';

/** Both rules read one split; the objects of these strategies hold a route for each group of users. */
const NO_SPLIT: Readonly<Record<string, string>> = {
  'traffic-share': 'who is served by the release follows from the request, not from a weight',
  'routes-agree': 'the first of several routes of one host says nothing of the others',
};

/** Without weights nothing is announced as an advance of one. */
const NO_WEIGHTS: Readonly<Record<string, string>> = {
  'traffic-share': 'no share between nothing and everything is ever declared',
  'judge-saw': 'Flagger announces iterations, not weights',
};

/** How many requests each workload answered, by route: what was mirrored is counted nowhere else. */
async function recordRequests({ run, cluster, spec }: AnyRolloutAct, from: EpochMs): Promise<void> {
  const { namespace } = spec;
  const query = `sum by (app, route) (http_requests_total{namespace="${namespace}", app=~"shop|shop-primary"})`;
  const range = { from, to: Date.now(), step_s: spec.scrape_interval_s };
  await recordSeries(cluster.ports.prometheus, [{ name: 'requests', query }], range, run.timeline);
}

const ANALYSIS = { interval_s: 10, threshold: 2, step_weight_pct: 20, max_weight_pct: 40 } as const;

/** What each strategy of deployment promises to users. */
export const FLAGGER_STRATEGIES: readonly FlaggerCase[] = [
  {
    name: 'a-b-test',
    title: 'F26: in an A/B test only those who ask for the release meet it',
    rollout: {
      ...GOOD_RELEASE,
      canary: ANALYSIS,
      declares: { iterations: 2 },
      gateway: 'contour',
      users: { marked: { header: HEADER.name, value: HEADER.value, share_pct: 20 } },
      reshape: analysis({ match: [{ headers: { [HEADER.name]: { exact: HEADER.value } } }] }),
      settles: { contracts: ['F26'], rules_left_out: { ...NO_SPLIT, ...NO_WEIGHTS } },
    },
  },
  {
    name: 'blue-green-mirrored',
    title: 'F27, F28: behind a gateway blue/green checks the release on mirrored requests, and then switches',
    rollout: {
      ...GOOD_RELEASE,
      canary: ANALYSIS,
      declares: { iterations: 2 },
      gateway: 'contour',
      reshape: analysis({ mirror: true }),
      extras: { ended: recordRequests },
      settles: { contracts: ['F27', 'F28'], rules_left_out: NO_WEIGHTS },
    },
  },
  {
    name: 'blue-green-plain',
    title: 'F27: without a gateway of its own nobody meets the release before it is promoted',
    rollout: {
      ...GOOD_RELEASE,
      canary: ANALYSIS,
      declares: { iterations: 2 },
      reshape: together(
        canarySpec({ provider: 'kubernetes' }),
        // Nobody asks the green pods, so there is nothing that a check could measure.
        analysis({ metrics: [] }),
        plainRoute,
      ),
      settles: {
        contracts: ['F27'],
        rules_left_out: { ...NO_WEIGHTS, 'routes-agree': 'nothing is ever split' },
      },
    },
  },
  {
    name: 'affinity-promoted',
    title: 'F29: who has met the release stays with it until it is promoted',
    rollout: {
      ...GOOD_RELEASE,
      canary: ANALYSIS,
      gateway: 'contour',
      load: RETURNING,
      users: { cookie: COOKIE },
      reshape: analysis({ sessionAffinity: { cookieName: COOKIE, maxAge: 3600 } }),
      settles: { contracts: ['F29'], rules_left_out: NO_SPLIT },
    },
  },
  {
    name: 'affinity-rolled-back',
    title: 'F29: who has met a bad release is let go when it is rolled back',
    rollout: {
      ...BAD_RELEASE,
      canary: ANALYSIS,
      gateway: 'contour',
      load: RETURNING,
      users: { cookie: COOKIE },
      reshape: analysis({ sessionAffinity: { cookieName: COOKIE, maxAge: 3600 } }),
      settles: {
        contracts: ['F29'],
        rules_left_out: {
          ...NO_SPLIT,
          harm: 'who has met the release stays with it, so more than the weight of the users does',
        },
      },
    },
  },
];
