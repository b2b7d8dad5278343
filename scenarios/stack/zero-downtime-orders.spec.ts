import { expect, test, zeroDowntime } from '#harness/scenario.ts';

// Goal: changing a shop that keeps its orders in PostgreSQL costs no request and no order.
// Method: 300 requests a second throughout, one in ten an order; deploy, restart and scale; compare the orders in the database with those that were accepted.
// Needs: traefik, postgres
// Isolation: namespace 0.8 cpu
test('deploying, restarting and scaling a shop with a database loses no request and no order', async ({
  openRun,
}) => {
  expect(await zeroDowntime(openRun(), { load: 'steady-300', database: true })).toHold();
});
