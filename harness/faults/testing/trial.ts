import { request } from 'node:http';
import { inject } from 'vitest';
import { freshId } from '#harness/lease/receipt.ts';
import { kubeClient } from '#harness/kube/client.ts';
import { openExisting } from '#harness/run/existing.ts';
import type { Phases } from '#harness/run/phases.ts';
import type { StackContext } from '#harness/stack/component.ts';
import { removeShop, shopHost } from '#harness/stack/shop.ts';
import type { Fault, FaultContext, Trial } from '../fault.ts';
import { type ActiveFault, injectFault } from '../inject.ts';
import { deployTrial } from '../trial.ts';

/** An answer of the shop through the gateway, with the time from request to its last byte. */
export interface Answer {
  /** 0 when there was none. */
  readonly status: number;
  readonly body: string;
  readonly duration_ms: number;
  /** Release that answered; empty when there was none. */
  readonly release: string;
}

/** A namespace with the shop on the cluster that all tests of faults share. Giving it back begins its removal. */
export interface OpenTrial extends Trial, AsyncDisposable {
  readonly stack: StackContext;
  /** Asks the shop through the gateway; never throws. */
  get(path: string, timeout_ms?: number): Promise<Answer>;
  /** Injects a fault as a run that is alone would; with its example's options when none are given. */
  inject(fault: Fault, options?: unknown, lease_s?: number): Promise<ActiveFault>;
}

const LEASE_S = 120;
const ANSWER_MS = 10_000;

const QUIET: Phases = { phase: (_title, _key, act) => act(() => undefined), say: () => undefined };

function ask(port: number, host: string, path: string, timeout_ms: number): Promise<Answer> {
  const from = performance.now();
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const none = (): void =>
    resolve({ status: 0, body: '', release: '', duration_ms: performance.now() - from });
  const signal = AbortSignal.timeout(timeout_ms);
  const asked = request({ host: '127.0.0.1', port, path, headers: { host }, signal }, (response) => {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      body += chunk;
    });
    response.on('error', none);
    response.on('end', () =>
      resolve({
        status: response.statusCode ?? 0,
        body,
        release: String(response.headers['x-release'] ?? ''),
        duration_ms: performance.now() - from,
      }),
    );
  });
  asked.on('error', none);
  asked.end();
  return promise;
}

/**
 * Opens a trial on the cluster that the environment names (`METTLE_TEST_CLUSTER`) or that the test project made.
 * @throws RefusedError for a cluster that Mettle neither made nor was given
 */
export async function openTrial(): Promise<OpenTrial> {
  const signal = new AbortController().signal;
  const { cluster, components, artifacts } = await openExisting(inject('faultCluster'), [], {
    phases: QUIET,
    signal,
  });
  const kube = kubeClient(cluster);
  const namespace = `trial-${freshId()}`;
  const ctx: FaultContext = { kube, cluster, progress: () => undefined };
  const stack: StackContext = { kube, artifacts, components, progress: () => undefined };
  const active: ActiveFault[] = [];
  const giveBack = async (): Promise<void> => {
    for (const one of active.toReversed()) await one[Symbol.asyncDispose]();
    await removeShop(stack, namespace);
    await kube[Symbol.asyncDispose]();
  };
  try {
    await deployTrial(stack, cluster, namespace);
  } catch (error) {
    await giveBack();
    throw error;
  }
  return {
    ctx,
    namespace,
    stack,
    get: (path, timeout_ms = ANSWER_MS) => ask(cluster.ports.gateway, shopHost(namespace), path, timeout_ms),
    inject: async (fault, options, lease_s = LEASE_S) => {
      const given = options ?? (await fault.example({ ctx, namespace }));
      const bounds = { namespace, lease_s, run_s: lease_s, alone: true };
      const one = await injectFault(ctx, fault, given, bounds);
      active.push(one);
      return one;
    },
    [Symbol.asyncDispose]: giveBack,
  };
}
