import {
  canaryAt,
  controlPlane,
  databasePod,
  databaseVolume,
  deletedOrders,
  expect,
  flagger,
  flux,
  gateway,
  losePart,
  node,
  prometheus,
  RELEASE_SHIPPED,
  test,
} from '#harness/scenario.ts';

// Goal: a part of the stack that is lost comes back by its ordinary way, and takes along no order, no release and nobody's verdict.
// Method: 300 requests a second; destroy one part of a cluster that came from Git; let Kubernetes, Flux or a backup bring it back; compare.
// Needs: full
// Isolation: rebuilt
// Tags: nightly, slow

/** What is on a disk stays there: not one accepted order may be lost. */
const promises = { load: 'outage-300', backup: 'wal', recovery_point_s: 0 } as const;

test('Flux is put back by its bootstrap, and applies what was committed meanwhile', async ({ opening }) => {
  expect(await losePart(opening, flux, promises)).toHold();
});

test('Flagger is lost in the middle of a rollout, and whoever takes its place brings the rollout to its end', async ({
  opening,
}) => {
  const declares = { under_way: { release: 'v2', serves_after: 'v2' }, may_differ: RELEASE_SHIPPED };
  expect(await losePart(opening, flagger, { ...promises, trouble: canaryAt(20), declares })).toHold();
});

test('Prometheus loses all that it has measured, and no release is blamed for it', async ({ opening }) => {
  expect(await losePart(opening, prometheus, promises)).toHold();
});

test('the gateway is put back by Flux, and no accepted order is lost', async ({ opening }) => {
  expect(await losePart(opening, gateway, promises)).toHold();
});

test('the pod of the database is killed, and every accepted order is in the volume', async ({ opening }) => {
  expect(await losePart(opening, databasePod, promises)).toHold();
});

test('the volume of the database is lost, and no accepted order older than 5 s with it', async ({
  opening,
}) => {
  expect(await losePart(opening, databaseVolume, { ...promises, recovery_point_s: 5 })).toHold();
});

test('all orders are deleted by mistake, and the database is taken back to the moment before', async ({
  opening,
}) => {
  const declares = {
    point_in_time: true,
    may_differ: [
      {
        subject: 'StatefulSet/postgres/postgres',
        field: '*RECOVERY_TARGET_TIME*',
        why: 'the commit that asked for the restore names its moment',
      },
    ],
  };
  expect(await losePart(opening, deletedOrders, { ...promises, declares })).toHold();
});

test('the control plane is killed, and users never notice', async ({ opening }) => {
  expect(await losePart(opening, controlPlane, promises)).toHold();
});

test('the node is restarted, and everything comes back with every accepted order', async ({ opening }) => {
  expect(await losePart(opening, node, promises)).toHold();
});
