import { BlockList, isIPv4 } from 'node:net';
import * as v from 'valibot';
import { RefusedError } from '#harness/core/errors.ts';
import { dockerLines } from './docker-place.ts';
import { readRecord } from './record.ts';
import { networksOf } from './remove.ts';
import type { RunningCluster } from './types.ts';

const Ranges = v.array(v.looseObject({ Subnet: v.string() }));

/** Whether an address lies in one of these ranges (`172.20.0.0/16`); those of other families hold none. */
export function isWithin(address: string, subnets: readonly string[]): boolean {
  const ranges = new BlockList();
  for (const subnet of subnets) {
    const [network = '', bits = ''] = subnet.split('/');
    if (isIPv4(network)) ranges.addSubnet(network, Number(bits), 'ipv4');
  }
  return isIPv4(address) && ranges.check(address, 'ipv4');
}

/**
 * Proves that an address is one of the network that Mettle made for a cluster, on this machine: beside loopback the only place
 * that load may go to.
 * @throws RefusedError when it is not; UnfitError when Docker does not answer
 */
export async function refuseForeignAddress(cluster: RunningCluster, address: string): Promise<void> {
  const place = { docker_host: (await readRecord(cluster.name))?.docker_host };
  const networks = await networksOf(cluster.name, place);
  const told = networks.map(async (network) => {
    const format = ['--format', '{{json .IPAM.Config}}'];
    const [line = '[]'] = await dockerLines(place, ['network', 'inspect', ...format, network]);
    return v.parse(Ranges, JSON.parse(line)).map(({ Subnet }) => Subnet);
  });
  if (isWithin(address, (await Promise.all(told)).flat())) return;
  throw new RefusedError(
    `Refusing to send load to ${address}: it is in no network that Mettle made for cluster ${cluster.name}`,
    { next: 'Load goes to loopback and to networks of Mettle alone; make a cluster: mettle cluster create' },
  );
}
