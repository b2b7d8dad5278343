import { dashboardShows, expect, test } from '#harness/scenario.ts';

// Goal: teams that run Grafana see a rollout on the dashboards: none of their parts stays empty.
// Method: ship a release that fails half of its requests; ask the real Prometheus for every expression over the rollout.
// Needs: traefik, flagger, argo-rollouts, prometheus, alertmanager, kube-state-metrics, chat
// Isolation: namespace 0.8 cpu
// Tags: nightly
test('the dashboard of Flagger shows a rollback in every part', async ({ openRun }) => {
  expect(await dashboardShows(openRun(), { controller: 'flagger', load: 'steady-300' })).toHold();
});

test('the dashboard of Argo Rollouts shows a rollback in every part', async ({ openRun }) => {
  expect(await dashboardShows(openRun(), { controller: 'argo-rollouts', load: 'steady-300' })).toHold();
});
