import type { DatabaseLossExpectation } from '#harness/core/expectation.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeDatabaseLoss } from '#harness/judge/database-loss.ts';
import { DEPLOYMENT, POD } from '#harness/kube/recording.ts';
import { isCurrent, type Condition } from '#harness/kube/wait.ts';
import type { ProfileName } from '#harness/load/profiles.ts';
import { observeService } from '#harness/observe/service.ts';
import { DATABASE_POD, postgres } from '#harness/stack/postgres.ts';
import { SHOP, shopHost } from '#harness/stack/shop.ts';
import { observeStack } from '#harness/stack/stack.ts';
import { statusOf } from '#harness/core/kstatus.ts';
import { nameOf } from '#harness/core/kubernetes.ts';
import { type Acting, beginLoad, onCluster, STEADY_S, unlessLate, untilSteady } from './on-cluster.ts';
import { deployPlain } from './plain-shop.ts';
import { recordOrders } from './record-orders.ts';
import type { ScenarioRun } from './scenario-run.ts';

/** A killed PostgreSQL starts again in 5 s on an idle machine: its pod, its recovery, and the shop's new connections. */
const BACK_S = 30;

/** Longest time until the shop is deployed, in seconds. */
const DEPLOY_S = 90;

const POD_NAME = nameOf({ kind: 'Pod', metadata: DATABASE_POD });

/** Kills the pod of the shop's database under load, without grace, and judges what users met and what became of their orders. */
export async function databaseLoss(
  run: ScenarioRun,
  { load: profile }: { readonly load: ProfileName },
): Promise<Verdict> {
  const expectation: DatabaseLossExpectation = {
    of: 'database-loss',
    namespace: run.run_id,
    app: SHOP,
    database: POD_NAME,
    back_within_s: BACK_S,
  };
  const subject = `Deployment/${run.run_id}/${SHOP}`;
  run.timeline.record({ source: 'harness', kind: 'expectation', subject, data: expectation });
  return await onCluster(run, { act: (acting) => act(acting, profile), judge: judgeDatabaseLoss });
}

async function act(acting: Acting, profile: ProfileName): Promise<void> {
  const { run, ctx, namespace } = acting;
  const { signal, progress } = run;
  await run.phase('prepare', 'deploying the shop with its database', async () => {
    await deployPlain(acting, { file: 'good', release: 'v1', database: true, first: true });
    const shop = { ...DEPLOYMENT, namespace, name: SHOP };
    await ctx.kube.waitFor(isCurrent(shop), { deadline_s: DEPLOY_S, progress, signal });
  });
  await using observers = await observeService({ kube: ctx.kube, namespace }, run.timeline);
  await using database = await observeStack(ctx, run.timeline, [postgres]);
  await using load = await beginLoad(acting, { profile, host: shopHost(namespace) });
  const steady = { subject: SHOP, profile };
  await run.phase('steady state', 'waiting for the steady state', () =>
    untilSteady(run, load, { ...steady, moment: 'before' }),
  );
  await run.phase('kill', "killing the database's pod", () => unlessLate(run, () => killDatabase(acting)));
  await run.phase('settle', 'waiting for the steady state', () =>
    unlessLate(run, () =>
      untilSteady(run, load, { ...steady, moment: 'after', deadline_s: BACK_S + 2 * STEADY_S }),
    ),
  );
  await run.phase('end of load', 'ending the load', async () => {
    await load.stop();
    await recordOrders(acting);
    await Promise.all([observers[Symbol.asyncDispose](), database[Symbol.asyncDispose]()]);
  });
}

/** Ends the pod at once, as the loss of its node's power would, and waits until another one serves. */
async function killDatabase({ run, ctx }: Acting): Promise<void> {
  const ref = { ...POD, ...DATABASE_POD };
  const before = await ctx.kube.get(ref);
  const note = (kind: 'injected' | 'healed', detail: string): void => {
    run.timeline.record({ source: 'fault', kind, subject: POD_NAME, data: { fault: 'pod-killed', detail } });
  };
  note('injected', 'deleted without grace');
  await ctx.kube.beginRemoval(ref, 0);
  const other: Condition<true> = {
    awaited: `another ${POD_NAME} to be ready`,
    of: ref,
    test([pod]) {
      const fresh = pod !== undefined && pod.metadata.uid !== before?.metadata.uid;
      const { standing, message } = statusOf(pod);
      return fresh && standing === 'Current' ? { met: true, value: true } : { met: false, seen: message };
    },
  };
  await ctx.kube.waitFor(other, { deadline_s: BACK_S, progress: run.progress, signal: run.signal });
  note('healed', 'another pod is ready');
}
