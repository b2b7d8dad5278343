import { canaryAt, expect, migratedSinceTheDump, rebuild, RELEASE_SHIPPED, test } from '#harness/scenario.ts';

// Goal: after a rebuild the release serves that Git names, on a schema that has every migration of Git, whatever the backup holds.
// Method: 300 requests a second; lose the cluster while a release has 30 % of the traffic, or after a migration and a release that no backup has.
// Needs: full
// Isolation: rebuilt
// Tags: nightly, slow

test('a cluster that is lost while a canary has 30 % comes back with the release that Git names, given to everybody', async ({
  opening,
}) => {
  const declares = {
    // Flagger makes the primary of an empty cluster from what Git names, and analyses nothing.
    under_way: { release: 'v2', serves_after: 'v2' },
    may_differ: RELEASE_SHIPPED,
  };
  const options = { load: 'outage-300', backup: 'wal', recovery_point_s: 5 } as const;
  expect(await rebuild(opening, { ...options, trouble: canaryAt(30), declares })).toHold();
});

test('an old dump is restored, and the migration and the release since then are applied to it', async ({
  opening,
}) => {
  const declares = {
    release: 'v2',
    may_differ: [
      {
        subject: 'CronJob/postgres/postgres-backup',
        field: 'spec.suspend',
        why: 'backups were stopped by hand',
      },
      { subject: 'Job/postgres/postgres-backup-old', field: '*', why: 'the old dump was taken by hand' },
      {
        subject: 'ConfigMap/*/shop-release-v1-primary',
        field: '*',
        why: 'Flagger leaves its copy of a former release behind, and an empty cluster has no former release',
      },
    ],
  };
  // The release alone takes 80 s from the commit to its promotion, and nothing is backed up meanwhile.
  const options = { load: 'outage-300', backup: 'dump', recovery_point_s: 150 } as const;
  expect(await rebuild(opening, { ...options, prepared: migratedSinceTheDump, declares })).toHold();
});
