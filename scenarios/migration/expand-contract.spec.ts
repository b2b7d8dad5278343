import { expandMigrateContract, expect, test } from '#harness/scenario.ts';

// Goal: a column gets another name in three releases, and nobody notices.
// Method: 300 requests a second throughout, one in ten an order; expand, release, copy, release, contract, each migration a Job that is refused while a pod lives that needs what it takes away.
// Needs: traefik, postgres
// Isolation: namespace 0.8 cpu
// Tags: nightly
test('expand, migrate and contract cost no request, no order and no row', async ({ openRun }) => {
  expect(await expandMigrateContract(openRun())).toHold();
});
