import { expect, test, zeroDowntime } from '#harness/scenario.ts';

// Goal: upkeep of the cluster under a shop costs no request and no order.
// Method: 300 requests a second throughout, one in ten an order; deploy; evict every pod, then drain the worker, with a disruption budget that keeps one pod; compare the orders in the database with those that were accepted.
// Needs: traefik, postgres
// Isolation: cluster
// Nodes: 2
// Tags: nightly
test('evicting every pod and draining a worker loses no request and no order', async ({ openRun }) => {
  expect(await zeroDowntime(openRun(), { load: 'steady-300', database: true, acts: 'upkeep' })).toHold();
});
