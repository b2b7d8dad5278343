import { compareReleases } from '#harness/load/compare.ts';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import type { FlaggerRollout } from '../flagger-rollout.ts';
import { weightReached } from '../moments.ts';
import type { AnyRolloutAct, LoadedAct } from '../rollout-extras.ts';
import { phaseThenLoad } from './flagger-until.ts';

const quick = { interval_s: 10, threshold: 2, step_weight_pct: 25, max_weight_pct: 50 } as const;

/** Requests that are put to both releases. */
const PAIRS = 300;

/** What each name leads to: one of the two Services, whatever share the other has. */
const SIDES = { old: 'shop-primary', next: 'shop-canary' } as const;
type Side = keyof typeof SIDES;

function hostOf(namespace: string, side: Side): string {
  return `${side}.shop.${namespace}.test`;
}

function routeTo(namespace: string, side: Side): KubeObject {
  return {
    apiVersion: 'traefik.io/v1alpha1',
    kind: 'IngressRoute',
    metadata: { name: `shop-${side}`, namespace },
    spec: {
      entryPoints: ['web'],
      routes: [
        {
          kind: 'Rule',
          match: `Host(\`${hostOf(namespace, side)}\`)`,
          services: [{ name: SIDES[side], port: 80 }],
        },
      ],
    },
  };
}

/** Opens a way to each release alone, for the comparison; users go on by the weights. */
async function openWays({ ctx, namespace }: AnyRolloutAct): Promise<void> {
  const position = { file: 'harness/run/contracts/comparison.ts', line: 1, column: 1 };
  const sides: readonly Side[] = ['old', 'next'];
  await ctx.kube.apply(sides.map((side) => ({ object: routeTo(namespace, side), position })));
}

/** Puts the requests to both and records what differs. */
async function compare({ run, cluster, namespace }: LoadedAct): Promise<void> {
  const data = await compareReleases({
    port: cluster.ports.gateway,
    old_host: hostOf(namespace, 'old'),
    next_host: hostOf(namespace, 'next'),
    pairs: PAIRS,
    run: `${run.run_id}-compared`,
    signal: run.signal,
  });
  run.timeline.record({ source: 'load', kind: 'compared', subject: namespace, data });
}

/** A release whose answers are compared with those of what serves beside it, while it has a share of the users. */
export function comparedRollout(release: string, bad_answers_pct: number): FlaggerRollout {
  return {
    release,
    expected: 'promotion',
    bad_answers_pct,
    // The check bears whatever the release does: what it does not see, the comparison must.
    canary: { ...quick, check_max_pct: 100 },
    load: 'steady-300',
    extras: {
      prepared: openWays,
      during: [
        {
          name: 'comparison',
          title: 'putting the same requests to both releases',
          when: weightReached(quick.step_weight_pct),
          act: compare,
        },
      ],
      until: phaseThenLoad(['Succeeded', 'Failed'], 6),
    },
    settles: { contracts: ['C1'] },
  };
}

/** Releases that answer differently, and how the comparison must say it. */
export const DIFFERING: readonly {
  readonly name: string;
  readonly title: string;
  readonly rollout: FlaggerRollout;
  readonly says: RegExp;
}[] = [
  {
    name: 'wrong-answers',
    title: 'prices that are wrong under the status of success are found by comparison',
    rollout: comparedRollout('wrong-answers', 20),
    says: /differ in body, for example GET/,
  },
  {
    name: 'errors',
    title: 'errors are found by comparison',
    rollout: comparedRollout('errors-50', 50),
    says: /differ in status, for example .* status 20[01] became status 500/,
  },
  {
    name: 'slower',
    title: 'answers that take longer are found by comparison',
    rollout: comparedRollout('latency-constant', 0),
    says: /takes \d+\.\d ms, not/,
  },
];
