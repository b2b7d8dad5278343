import { networksOf, nodeContainers } from '#harness/cluster/remove.ts';
import { NODE_PORTS, type RunningCluster } from '#harness/cluster/types.ts';
import { UnfitError } from '#harness/core/errors.ts';
import { run, tryRun } from '#harness/process/run.ts';
import { networkName, OFFSITE_LABEL } from './places.ts';

/** Upper bounds in seconds. */
const COMMAND_S = 30;
const REACH_S = 5;

/** Makes the network: a bridge of its own, that publishes on this machine's loopback address alone. */
export async function makeNetwork(id: string, signal: AbortSignal): Promise<string> {
  const name = networkName(id);
  const options = [
    'com.docker.network.bridge.host_binding_ipv4=127.0.0.1',
    // Nothing off-site has any business beyond this machine.
    'com.docker.network.bridge.enable_ip_masquerade=false',
  ];
  await run(
    [
      'docker',
      'network',
      'create',
      '--driver=bridge',
      `--label=${OFFSITE_LABEL}=${id}`,
      ...options.map((option) => `--opt=${option}`),
      name,
    ],
    { timeout_s: COMMAND_S, signal },
  );
  return name;
}

/** The address of a container in a network; empty when it is not there. */
async function addressIn(network: string, container: string): Promise<string> {
  const format = `{{with index .NetworkSettings.Networks ${JSON.stringify(network)}}}{{.IPAddress}}{{end}}`;
  const { stdout } = await run(['docker', 'inspect', '--format', format, container], {
    timeout_s: COMMAND_S,
  });
  return stdout.trim();
}

/** Whether a node gets an answer from an address: a server that asks for credentials is one. */
async function refuseUnreached(node: string, url: string): Promise<void> {
  const command = [
    'curl',
    '--silent',
    '--noproxy',
    '*',
    '--max-time',
    String(REACH_S),
    '--output',
    '/dev/null',
  ];
  const { stdout, stderr } = await tryRun(
    ['docker', 'exec', node, ...command, '--write-out', '%{http_code}', url],
    { timeout_s: COMMAND_S },
  );
  if (stdout.trim() === '401') return;
  throw new UnfitError(
    `Node ${node.slice(0, 12)} does not reach the Git server at ${url}: ${stderr.trim() || `answer ${stdout.trim()}`}`,
  );
}

/**
 * Lets a container be in the network of a cluster beside its own. A network that was joined is not joined twice, so that the
 * address stays.
 */
export async function joinNetwork(container: string, network: string): Promise<void> {
  if ((await addressIn(network, container)) !== '') return;
  await run(['docker', 'network', 'connect', network, container], { timeout_s: COMMAND_S });
}

/** @throws UnfitError when Docker has no such cluster of Mettle's here */
async function nodesHere(name: string): Promise<readonly string[]> {
  const [nodes, networks] = await Promise.all([nodeContainers(name), networksOf(name)]);
  if (nodes.length > 0 && networks.length > 0) return nodes;
  throw new UnfitError(`Cluster ${name} has no node and network that Docker knows here`, {
    next: 'What is off-site can be reached only from clusters that Mettle made on this machine.',
  });
}

/**
 * Where a container in the network of a cluster finds its gateway: by the name of a node, because a node that is made again may
 * have another address.
 * @throws UnfitError when Docker has no such cluster of Mettle's here
 */
export async function gatewayOf({
  name,
}: RunningCluster): Promise<{ readonly network: string; readonly gateway: string }> {
  await nodesHere(name);
  return { network: name, gateway: `${name}-control-plane:${NODE_PORTS.gateway}` };
}

/**
 * Lets the nodes of a cluster, and their pods by way of them, reach a container beside it. The container joins the cluster's
 * network, and no node joins another: a node that is in two gets them in any order when it is restarted, and kind would then
 * move it to the address that it finds first.
 * @returns where the nodes find it
 * @throws UnfitError when Docker has no such cluster of Mettle's here, or a node gets no answer
 */
export async function joinCluster(container: string, port: number, cluster: RunningCluster): Promise<string> {
  const { name } = cluster;
  const nodes = await nodesHere(name);
  await joinNetwork(container, name);
  const url = `http://${await addressIn(name, container)}:${port}`;
  await Promise.all(nodes.map((node) => refuseUnreached(node, url)));
  return url;
}
