/** The thread of a relay: see `relay.ts`. */
import { BlockList, connect, createServer, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import type { RelayReply, RelayTask } from './relay.ts';

const { network, to }: RelayTask = workerData;
const within = new BlockList();
const [base = '', bits = ''] = network.subnet.split('/');
within.addSubnet(base, Number(bits), 'ipv4');

function tell(reply: RelayReply): void {
  parentPort?.postMessage(reply, []);
}

/** Either end breaks off with the other. */
function join(client: Socket): void {
  const server = connect({ ...to, noDelay: true });
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
    one.pipe(other);
  }
}

const listener = createServer({ noDelay: true }, (client) => {
  if (within.check(client.remoteAddress ?? '', 'ipv4')) join(client);
  else client.destroy();
});
listener.on('error', (error) => tell({ error: error.message }));
listener.listen(0, network.gateway, () => {
  const address = listener.address();
  tell(typeof address === 'object' && address !== null ? { port: address.port } : { error: 'no port' });
});
