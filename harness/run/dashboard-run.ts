import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '#harness/core/errors.ts';
import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import type { ProfileName } from '#harness/load/profiles.ts';
import { dashboardQueries } from '#harness/observe/dashboards.ts';
import { queryRange } from '#harness/observe/series.ts';
import { SHOP } from '#harness/stack/shop.ts';
import { argoRollout } from './argo-rollout.ts';
import { ROOT } from './catalogue.ts';
import { flaggerRollout } from './flagger-rollout.ts';
import type { RolloutExtras } from './rollout-extras.ts';
import type { ScenarioRun } from './scenario-run.ts';

export interface DashboardScenario {
  readonly controller: RolloutSpec['controller'];
  readonly load: ProfileName;
}

const RELEASE = { release: 'errors-50', expected: 'rollback', bad_answers_pct: 50 } as const;

/** Ships a bad release, and asks Prometheus for every expression of the controller's dashboard over the rollout. */
export async function dashboardShows(run: ScenarioRun, scenario: DashboardScenario): Promise<Verdict> {
  const { controller, load } = scenario;
  const file = `${controller}.json`;
  const text = await readFile(join(ROOT, 'fixtures', 'dashboards', file), 'utf8');
  const queries = dashboardQueries(JSON.parse(text), { namespace: run.run_id, app: SHOP });
  run.timeline.record({
    source: 'harness',
    kind: 'expectation',
    subject: file,
    data: { of: 'dashboard', namespace: run.run_id, dashboard: file, expressions: queries.length },
  });
  const extras: RolloutExtras = {
    ended: async ({ cluster, spec }, from) => {
      const range = { from, to: Date.now(), step_s: spec.scrape_interval_s };
      for (const { name, query } of queries) {
        const series = await queryRange(cluster.ports.prometheus, query, range).catch((error: unknown) => {
          run.note(`Prometheus refuses "${name}" of ${file}: ${messageOf(error)}`);
          return [];
        });
        const samples = series.reduce((sum, one) => sum + one.samples.length, 0);
        run.timeline.record({
          source: 'prometheus',
          kind: 'panel',
          subject: name,
          data: { dashboard: file, query, series: series.length, samples },
        });
      }
    },
  };
  const rollout = { ...RELEASE, load, extras };
  if (controller === 'argo-rollouts') return await argoRollout(run, rollout);
  const canary = { interval_s: 10, threshold: 2, step_weight_pct: 10, max_weight_pct: 50 };
  return await flaggerRollout(run, { ...rollout, canary });
}
