import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { ProfileName } from '#harness/load/profiles.ts';
import type { LoadUsers } from '#harness/load/settings.ts';
import type { RunningLoad } from '#harness/load/running.ts';
import { observeRollout, recordRolloutSeries, type RolloutSubject } from '#harness/observe/rollout.ts';
import { shopHost } from '#harness/stack/shop.ts';
import { observeStack } from '#harness/stack/stack.ts';
import { beginLoad, untilSteady } from './on-cluster.ts';
import {
  actDuring,
  type AnyRolloutAct,
  type LoadedAct,
  type RolloutExtras,
  settleBy,
} from './rollout-extras.ts';
import { NEXT, STABLE } from './rollout-run.ts';

/** How one controller does what every rollout consists of. */
export interface RolloutActs {
  readonly load: ProfileName;
  /** All users are alike when absent. */
  readonly users?: LoadUsers | undefined;
  /** Release document that is shipped. */
  readonly document: string;
  /** Loopback port of the data plane. */
  readonly port: number;
  /** What of the gateway is watched. */
  readonly watched: Pick<RolloutSubject, 'services' | 'switched'>;
  readonly extras?: RolloutExtras | undefined;
  /** Deploys the serving release and waits until it serves. */
  readonly deploy: () => Promise<void>;
  /** Between the start of the load and the steady state. */
  readonly beforeSteady?: (load: RunningLoad) => Promise<void>;
  /** In the steady state, with what the load can be broken by. */
  readonly spoil?: (load: RunningLoad) => AsyncDisposable;
  /** Breaks something before the load starts. */
  readonly sabotage?: () => Promise<AsyncDisposable>;
  readonly ship: (document: string, release: string) => Promise<void>;
  /** Waits for the end that the specification promises, and for what must follow it. */
  readonly settle: (load: RunningLoad) => Promise<void>;
}

/** The acts of every rollout, in their order; each controller says how it does them. */
export async function actRollout(acting: AnyRolloutAct, acts: RolloutActs): Promise<void> {
  const { run, ctx, cluster, spec } = acting;
  const { extras } = acts;
  await using given = new AsyncDisposableStack();
  const take = (taken: AsyncDisposable | void): void => {
    if (taken) given.use(taken);
  };
  await run.phase('deploy', `deploying the shop, release ${STABLE}`, acts.deploy);
  take(await acts.sabotage?.());
  take(await extras?.prepared?.(acting));

  const gated = ctx.components.includes('gate');
  const subject = { kube: ctx.kube, cluster, spec, gated, ...acts.watched };
  const from = Date.now();
  await using stack_observers = await observeStack(ctx, run.timeline);
  await using observers = await observeRollout(subject, run.timeline);
  await using load = await beginLoad(acting, {
    profile: acts.load,
    host: shopHost(spec.namespace),
    port: acts.port,
    ...(acts.users ? { users: acts.users } : {}),
    ...(extras?.remember_orders ? { remember_orders: true } : {}),
  });
  await acts.beforeSteady?.(load);
  await run.phase('steady state', 'waiting for the steady state', () =>
    untilSteady(run, load, { subject: spec.app, profile: acts.load, moment: 'before' }),
  );
  const loaded: LoadedAct = { ...acting, load, ship: acts.ship };
  take(await extras?.steady?.(loaded));
  take(acts.spoil?.(load));

  await run.phase('ship', `shipping release ${NEXT} (${acts.document})`, () =>
    acts.ship(acts.document, NEXT),
  );
  await run.phase('settle', settleTitle(spec), async () => {
    const during = actDuring(extras, loaded);
    await settleBy(extras, acting, () => acts.settle(load));
    take(await during);
  });
  await extras?.settled?.(loaded);
  await run.phase('end of load', 'ending the load', async () => {
    await load.stop();
    await given.disposeAsync();
    await recordRolloutSeries(subject, { from, to: Date.now() }, run.timeline);
    await extras?.ended?.(acting, from);
    await Promise.all([observers[Symbol.asyncDispose](), stack_observers[Symbol.asyncDispose]()]);
  });
}

function settleTitle({ expected }: RolloutSpec): string {
  return expected === 'hold' ? 'watching the release being held back' : `waiting for the ${expected}`;
}
