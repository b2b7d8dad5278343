/**
 * A run in small, for tests to kill: injects one fault on a cluster, says on standard output how far it is, holds it until
 * a signal and heals it. It can end itself by SIGKILL at a given moment, so that the moment is exact.
 * Its argument is a `HoldFault` in JSON.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { guardCluster } from '#harness/cluster/guard.ts';
import { kubeClient } from '#harness/kube/client.ts';
import { FAULTS } from '../catalogue.ts';
import { injectFault, type Stage } from '../inject.ts';

/** What the program is told. */
interface HoldFault {
  readonly cluster: string;
  readonly namespace: string;
  readonly fault: string;
  /** Those of its example when absent. */
  readonly options?: unknown;
  readonly lease_s: number;
  /** Time that it is held before it is healed; until a signal when absent. */
  readonly hold_ms?: number;
  /** When it ends itself: so long after a stage was reached. */
  readonly die?: { readonly stage: Stage; readonly after_ms: number };
}

const told: HoldFault = JSON.parse(process.argv[2] ?? '');
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

function onStage(stage: Stage): void {
  process.stdout.write(`${JSON.stringify({ stage, at: Date.now() })}\n`);
  if (told.die?.stage !== stage) return;
  // At once means before anything else is done.
  if (told.die.after_ms === 0) die();
  else setTimeout(die, told.die.after_ms);
}

const fault = FAULTS.find(({ name }) => name === told.fault);
if (fault === undefined) throw new Error(`there is no fault ${told.fault}`);
const { namespace, lease_s } = told;
const cluster = await guardCluster({ name: told.cluster });
await using kube = kubeClient(cluster);
const ctx = { kube, cluster, progress: () => undefined };
const options = told.options ?? (await fault.example({ ctx, namespace }));
const active = await injectFault(ctx, fault, options, {
  namespace,
  lease_s,
  run_s: lease_s,
  alone: true,
  onStage,
});
const held = told.hold_ms === undefined ? lease_s * 1000 : told.hold_ms;
await delay(held, undefined, { signal: stop.signal }).catch(() => undefined);
await active.heal();
