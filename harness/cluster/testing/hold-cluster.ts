/**
 * A run in small, for tests to kill: makes a cluster, says so on standard output, and holds it until a signal.
 * Its argument is the node image and the path of kind in JSON. With `lost` as a second one it destroys the cluster first and
 * holds what is left; with `again` it makes it again.
 */
import { createCluster, recreateCluster } from '../create.ts';
import { destroyCluster } from '../destroy.ts';

const [, , text = '', act = ''] = process.argv;
const artifacts: { node_image: string; kind: string } = JSON.parse(text);
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
if (act !== '') {
  const lost = await destroyCluster(cluster);
  say(`lost ${JSON.stringify({ name: lost.name, uid: lost.uid })}`);
  if (act === 'again') {
    const again = await recreateCluster(lost, {
      progress: (line) => {
        say(`again: ${line}`);
      },
      signal: stop.signal,
    });
    say(`made again ${JSON.stringify({ name: again.name, uid: again.uid, ports: again.ports })}`);
  }
}
await new Promise<void>((resolve) => {
  const hold = setInterval(() => undefined, 1000);
  stop.signal.addEventListener('abort', () => {
    clearInterval(hold);
    resolve();
  });
});
