import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { writeRecord } from '#harness/cluster/record.ts';
import { DeadlineError, UsageError } from '#harness/core/errors.ts';
import { thisProcess } from '#harness/lease/owner.ts';
import { readReceipts, removeReceipt, writeReceipt } from '#harness/lease/receipt.ts';
import { useFreshState } from '#harness/lease/testing/state.ts';
import type { FaultContext } from './fault.ts';
import { healFault } from './heal.ts';
import { injectFault, type InjectOptions, type Stage } from './inject.ts';
import { nowhere, World } from './testing/world.ts';

// The warden is a program of its own; warden.e2e.test.ts and kill.e2e.test.ts try it.
vi.mock('#harness/lease/warden.ts', () => ({ ensureWarden: () => Promise.resolve({ pid: 1 }) }));

useFreshState();

const BOUNDS: InjectOptions = { namespace: 'here', lease_s: 20, run_s: 60, alone: false };
const ONE = { targets: ['Thing/here/one'] };

let ctx: FaultContext;
let world: World;

beforeEach(async () => {
  ctx = await nowhere();
  world = new World();
});

async function receipts(): Promise<number> {
  return (await readReceipts()).receipts.length;
}

describe('a fault is refused before anything is touched', () => {
  const shared = { reach: 'shared' } as const;
  const refusals: readonly (readonly [
    string,
    { options?: object; bounds?: Partial<InjectOptions>; radius?: object; why: string },
  ])[] = [
    ['that names nothing', { options: { targets: [] }, why: 'it names nothing' }],
    [
      'with more pods than its radius',
      {
        options: { targets: ['Pod/here/a', 'Pod/here/b', 'Pod/here/c'] },
        why: 'it would act on 3 pods, and its radius allows 2',
      },
    ],
    ['in a forbidden namespace', { bounds: { namespace: 'kube-system' }, why: 'kube-system is forbidden' }],
    [
      'of the marker, whatever its reach',
      {
        radius: shared,
        bounds: { alone: true },
        options: { targets: ['ConfigMap/mettle-system/mettle-marker'] },
        why: 'the namespace mettle-system is forbidden',
      },
    ],
    ["outside the run's namespace", { options: { targets: ['Thing/there/one'] }, why: 'is not in the run' }],
    ['with a lease longer than the run', { bounds: { lease_s: 61 }, why: 'longer than the run' }],
    ['with no lease', { bounds: { lease_s: 0 }, why: 'its lease is 0 s' }],
    ['of shared parts while not alone', { radius: shared, why: 'it breaks parts that others' }],
    ['with an option that it does not have', { options: { target: [] }, why: 'fault world-break: ' }],
  ];

  test.each(refusals)('one %s', async (_what, { options = ONE, bounds = {}, radius = {}, why }) => {
    const attempt = injectFault(ctx, world.fault(radius), options, { ...BOUNDS, ...bounds });
    await expect(attempt).rejects.toThrow(UsageError);
    await expect(attempt).rejects.toThrow(why);
    expect(world.calls).not.toContain('inject');
    await expect(receipts()).resolves.toBe(0);
  });

  test('one that would mask another', async () => {
    await using first = await injectFault(ctx, world.fault(), ONE, BOUNDS);
    const second = new World();
    await expect(injectFault(ctx, second.fault(), ONE, BOUNDS)).rejects.toThrow(
      `world-break of process ${process.pid} acts on Thing/here/one already`,
    );
    expect(second.calls).toEqual(['plan']);
    await expect(receipts()).resolves.toBe(1);
    await first.heal();
    await using again = await injectFault(ctx, second.fault(), ONE, BOUNDS);
    expect(again.on.holds).toBe(true);
  });

  test('of two that are injected at once, one', async () => {
    const worlds = [new World(), new World(), new World()];
    const ended = await Promise.allSettled(worlds.map((one) => injectFault(ctx, one.fault(), ONE, BOUNDS)));
    expect(ended.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(worlds.filter(({ calls }) => calls.includes('inject'))).toHaveLength(1);
    await expect(receipts()).resolves.toBe(1);
  });
});

describe('a fault that is injected', () => {
  test('has its receipt on the disk before it acts, and none once it is proven off', async () => {
    let during = -1;
    world.during = async () => {
      during = await receipts();
    };
    const stages: Stage[] = [];
    const active = await injectFault(ctx, world.fault(), ONE, {
      ...BOUNDS,
      recorder: world.recorder,
      onStage: (stage) => stages.push(stage),
    });
    expect(during).toBe(1);
    expect(active.plan.targets).toEqual(ONE.targets);
    const [off, same] = await Promise.all([active.heal(), active.heal()]);
    await active[Symbol.asyncDispose]();
    expect(off).toBe(same);
    expect(world.calls).toEqual(['plan', 'inject', 'heal']);
    expect(world.told).toEqual(['injected', 'proven_on', 'healed by run', 'proven_off']);
    expect(stages).toEqual(['receipt', 'injected', 'on', 'healing', 'gone']);
    await expect(receipts()).resolves.toBe(0);
  });

  test('and does not take is healed, and says what was seen', async () => {
    world.takes = false;
    const attempt = injectFault(ctx, world.fault(), ONE, { ...BOUNDS, recorder: world.recorder });
    await expect(attempt).rejects.toThrow(DeadlineError);
    await expect(attempt).rejects.toThrow('last seen: broken: false');
    expect(world.told).toEqual(['injected', 'healed by run', 'proven_off']);
    await expect(receipts()).resolves.toBe(0);
  });

  test('and breaks off half-way is healed', async () => {
    world.during = () => Promise.reject(new Error('half of it is done'));
    await expect(injectFault(ctx, world.fault(), ONE, BOUNDS)).rejects.toThrow('half of it is done');
    expect(world.calls).toEqual(['plan', 'inject', 'heal']);
    await expect(receipts()).resolves.toBe(0);
  });

  test('is healed although the first attempt is refused by what it broke', async () => {
    const active = await injectFault(ctx, world.fault(), ONE, BOUNDS);
    world.heal_errors.push(new Error('no answer yet'));
    await expect(active.heal()).resolves.toMatchObject({ holds: true });
    expect(world.calls).toEqual(['plan', 'inject', 'heal', 'heal']);
  });

  test('heals when its lease ends, once, and the record says that it did so early', async () => {
    const active = await injectFault(ctx, world.fault(), ONE, {
      ...BOUNDS,
      lease_s: 2,
      recorder: world.recorder,
    });
    await expect.poll(() => world.broken, { timeout: 10_000 }).toBe(false);
    await active.heal();
    expect(world.told).toEqual(['injected', 'proven_on', 'healed by lease', 'proven_off']);
    expect(world.calls).toEqual(['plan', 'inject', 'heal']);
  });

  test('and says so where the timer is a moment ahead of the wall clock', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      await injectFault(ctx, world.fault(), ONE, { ...BOUNDS, lease_s: 1, recorder: world.recorder });
      await expect
        .poll(() => world.told, { timeout: 10_000 })
        .toEqual(['injected', 'proven_on', 'healed by lease', 'proven_off']);
    } finally {
      vi.useRealTimers();
    }
  });

  test('and that the warden healed meanwhile is told as such, and does not fail', async () => {
    const active = await injectFault(ctx, world.fault(), ONE, { ...BOUNDS, recorder: world.recorder });
    // What a warden does that missed the heartbeat: it heals and forgets the receipt.
    world.broken = false;
    for (const { id } of (await readReceipts()).receipts) await removeReceipt(id);
    await expect(active.heal()).resolves.toMatchObject({ holds: true });
    expect(world.told).toEqual(['injected', 'proven_on', 'healed by lease', 'proven_off']);
  });

  test('whose lease ends before it takes is healed and does not count as on', async () => {
    world.during = () => delay(400);
    const attempt = injectFault(ctx, world.fault(), ONE, {
      ...BOUNDS,
      lease_s: 0.2,
      recorder: world.recorder,
    });
    await expect(attempt).rejects.toThrow('to take within its lease');
    expect(world.told).toEqual(['injected', 'healed by lease', 'proven_off']);
    expect(world.broken).toBe(false);
  });
});

async function receiptOf(cluster_uid: string) {
  const { cluster } = ctx;
  const { guarded: _guarded, ...rest } = cluster;
  const owner = await thisProcess();
  await writeRecord({
    ...rest,
    marker_id: 'm',
    owner,
    created_at: new Date().toISOString(),
    kept: false,
    kind: 'made',
  });
  const heal = {
    fault: 'world-break',
    cluster: cluster.name,
    uid: cluster_uid,
    namespace: 'here',
    targets: ONE.targets,
    state: { how: 'much' },
  };
  const created_at = new Date().toISOString();
  const receipt = { id: 'fault-1', kind: 'fault', subject: 'it', created_at, lease_s: 1, owner, heal };
  await writeReceipt(receipt);
  return receipt;
}

describe('healing by the receipt alone', () => {
  test('undoes one whose harness died before it injected, twice, for what was still on its way', async () => {
    const receipt = await receiptOf(ctx.cluster.uid);
    // The request of the dead harness arrives after the first healing.
    setTimeout(() => {
      world.broken = true;
    }, 200);
    await healFault(receipt, [world.fault()]);
    expect(world.calls).toEqual(['heal', 'heal']);
    expect(world.broken).toBe(false);
  });

  test('leaves a cluster alone that is not the one of the receipt', async () => {
    await healFault(await receiptOf('another'), [world.fault()]);
    expect(world.calls).toEqual([]);
  });

  test('says so when the fault is unknown to this version', async () => {
    await expect(healFault(await receiptOf(ctx.cluster.uid), [])).rejects.toThrow(
      'there is no fault world-break',
    );
  });
});
