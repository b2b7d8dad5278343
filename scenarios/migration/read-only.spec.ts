import { expect, migrateReadOnly, READ_ONLY_DEFECTS, test } from '#harness/scenario.ts';

// Goal: a migration that no write may meet runs while the shop is read-only, and that ends by itself.
// Method: 300 requests a second throughout, one in ten an order; refuse writes by the shop's own flag or by a rule of the proxy, each with a lease, migrate with the table locked for seconds, and wait for the lease.
// Needs: traefik, postgres
// Isolation: namespace 0.8 cpu
// Tags: nightly, slow
test('by the flag of the shop: writes get a clear answer, reads go on, none is half done', async ({
  openRun,
}) => {
  expect(await migrateReadOnly(openRun({ name: 'flag' }), 'flag')).toHold();
});

test('by a rule of the proxy: writes get a clear answer, reads go on, none is half done', async ({
  openRun,
}) => {
  expect(await migrateReadOnly(openRun({ name: 'proxy' }), 'proxy')).toHold();
});

test.for(READ_ONLY_DEFECTS)('$name: $breaks', async (defect, { openRun }) => {
  const verdict = await migrateReadOnly(openRun(defect.name), defect.by, defect);
  expect(verdict).toBeCaughtBy(defect.noticed_by, defect.says);
});
