/** Leads the container of a release to a database that listens on loopback alone. */
import { Worker } from 'node:worker_threads';
import { messageOf, UnfitError } from '#harness/core/errors.ts';
import type { OwnNetwork } from '../server/own-containers.ts';
import type { Address } from '../server/types.ts';

/** What the relay's thread is made with. */
export interface RelayTask {
  readonly network: OwnNetwork;
  readonly to: Pick<Address, 'host' | 'port'>;
}

export type RelayReply = { readonly port: number } | { readonly error: string };

/** Disposing it cuts off all that goes by it. */
interface Relay extends AsyncDisposable {
  /** On the network's gateway. */
  readonly port: number;
}

/**
 * Listens on this machine's address in a network, for those in it alone, and hands each connection on. In a thread of its
 * own: what a client waits for must not be this process.
 * @throws UnfitError when the address is not one of this machine
 */
export async function startRelay({ host, port }: Address, network: OwnNetwork): Promise<Relay> {
  const task: RelayTask = { network, to: { host, port } };
  const worker = new Worker(new URL('./relay-worker.ts', import.meta.url), { workerData: task });
  const told = Promise.withResolvers<RelayReply>();
  worker.once('message', (reply: RelayReply) => told.resolve(reply));
  worker.once('error', (error) => told.resolve({ error: messageOf(error) }));
  worker.once('exit', () => told.resolve({ error: 'its thread has ended' }));
  const reply = await told.promise;
  if ('port' in reply) {
    return {
      port: reply.port,
      [Symbol.asyncDispose]: async () => {
        await worker.terminate();
      },
    };
  }
  await worker.terminate();
  throw new UnfitError(
    `a container cannot be led to the database: ${network.gateway} is no address that this machine can listen on (${reply.error})`,
    { next: 'Docker must run on this very machine; or give the release as a command.' },
  );
}
