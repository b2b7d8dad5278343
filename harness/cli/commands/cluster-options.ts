import { InvalidArgumentError } from 'commander';
import { NODE_PORTS, type PublishedService } from '#harness/cluster/types.ts';

const SERVICES: readonly string[] = Object.keys(NODE_PORTS);
const PORT_MAX = 65_535;

function isService(name: string): name is PublishedService {
  return SERVICES.includes(name);
}

export type ServicePorts = Partial<Readonly<Record<PublishedService, number>>>;

/** Takes one more `service=port`; given again it is the last that counts. */
export function collectPort(text: string, before: ServicePorts = {}): ServicePorts {
  const [service = '', port = '', ...rest] = text.split('=');
  if (!isService(service) || rest.length > 0) {
    throw new InvalidArgumentError(`It must be SERVICE=PORT, the service one of ${SERVICES.join(', ')}.`);
  }
  const number = Number(port);
  if (!/^\d+$/.test(port) || number < 1 || number > PORT_MAX) {
    throw new InvalidArgumentError(`${JSON.stringify(port)} is no port.`);
  }
  return { ...before, [service]: number };
}

/** Takes one more `component=version`. */
export function collectVersion(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const match = /^([a-z0-9][a-z0-9-]*)=v?(\d+\.\d+\.\d+)$/.exec(text);
  const [, component, version] = match ?? [];
  if (component === undefined || version === undefined) {
    throw new InvalidArgumentError('It must be COMPONENT=VERSION, for example flagger=1.43.0.');
  }
  return { ...before, [component]: version };
}

/** Names of components and profiles, separated by commas. */
export function stackNames(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === '')) {
    throw new InvalidArgumentError('It must be names of profiles or components, separated by commas.');
  }
  return names;
}
