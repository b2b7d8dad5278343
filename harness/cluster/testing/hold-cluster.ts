/**
 * A run in small, for tests to kill: makes a cluster, says so on standard output, and holds it until a signal.
 * Its argument is the node image and the path of kind in JSON.
 */
import { createCluster } from '../create.ts';

const artifacts: { node_image: string; kind: string } = JSON.parse(process.argv[2] ?? '');
const stop = new AbortController();
process.once('SIGINT', () => {
  stop.abort(new Error('SIGINT'));
});

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

await using cluster = await createCluster({ artifacts, keep: false, progress: say, signal: stop.signal });
const { name, ports, api_server, kubeconfig, uid } = cluster;
say(`made ${JSON.stringify({ name, ports, api_server, kubeconfig, uid })}`);
await new Promise<void>((resolve) => {
  const hold = setInterval(() => undefined, 1000);
  stop.signal.addEventListener('abort', () => {
    clearInterval(hold);
    resolve();
  });
});
