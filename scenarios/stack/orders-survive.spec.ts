import { databaseLoss, expect, test } from '#harness/scenario.ts';

// Goal: an order that was accepted is still there after its database was killed, and meanwhile the rest of the shop is served.
// Method: 300 requests a second, one in ten an order; the pod of PostgreSQL is ended without grace; compare the orders in the database with those that were accepted.
// Needs: traefik, postgres
// Isolation: exclusive
test('an accepted order survives the death of the database, and the shop goes on showing what it sells', async ({
  openRun,
}) => {
  expect(await databaseLoss(openRun(), { load: 'steady-300' })).toHold();
});
