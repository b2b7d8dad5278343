import { tryRun } from '#harness/process/run.ts';
import { KIND_LABEL } from './names.ts';
import { NODE_PORTS, type PublishedService } from './types.ts';

const TIMEOUT_S = 30;
const LOOPBACK = '127.0.0.1';

/** A port inside a container and where it is published. */
interface Mapping {
  readonly inside: number;
  readonly host: string;
  readonly port: number;
}

/** Reads the answer of `docker port CONTAINER`, one mapping a line: `30080/tcp -> 127.0.0.1:20001`. */
export function parsePorts(text: string): readonly Mapping[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(\d+)\/tcp -> (.+):(\d+)$/.exec(line.trim());
    const [, inside, host = '', port] = match ?? [];
    return match ? [{ inside: Number(inside), host, port: Number(port) }] : [];
  });
}

/** Services whose node port a container publishes on loopback, with the port there. */
export function publishedServices(mappings: readonly Mapping[]): Partial<Record<PublishedService, number>> {
  const found: Partial<Record<PublishedService, number>> = {};
  for (const [service, inside] of Object.entries(NODE_PORTS)) {
    const mapping = mappings.find((one) => one.inside === inside && isLocal(one.host));
    if (mapping) Object.assign(found, { [service]: mapping.port });
  }
  return found;
}

function isLocal(host: string): boolean {
  return host === LOOPBACK || host === '0.0.0.0';
}

/** What Docker on this machine knows of a cluster. */
export interface DockerView {
  /** Containers of the cluster's nodes. */
  readonly nodes: readonly string[];
  readonly ports: Partial<Record<PublishedService, number>>;
}

async function lines(args: readonly string[]): Promise<readonly string[]> {
  const { exit_code, stdout } = await tryRun(['docker', ...args], { timeout_s: TIMEOUT_S });
  return exit_code === 0 ? stdout.split('\n').filter(Boolean) : [];
}

/**
 * The kind cluster on this machine whose API server is published at an address; undefined when Docker runs none, or does
 * not answer.
 */
export async function dockerView(api_server: string): Promise<DockerView | undefined> {
  const { hostname, port } = new URL(api_server);
  if (hostname !== LOOPBACK && hostname !== 'localhost') return undefined;
  const containers = await lines(['ps', '--filter', `label=${KIND_LABEL}`, '--format', '{{.Names}}']);
  for (const container of containers) {
    const mappings = parsePorts((await lines(['port', container])).join('\n'));
    if (!mappings.some((one) => one.port === Number(port) && isLocal(one.host))) continue;
    const label = `{{index .Config.Labels "${KIND_LABEL}"}}`;
    const [kind_name = ''] = await lines(['inspect', '--format', label, container]);
    const nodes = await lines([
      'ps',
      '--filter',
      `label=${KIND_LABEL}=${kind_name}`,
      '--format',
      '{{.Names}}',
    ]);
    return { nodes, ports: publishedServices(mappings) };
  }
  return undefined;
}
