import { type Owner, thisProcess } from '#harness/lease/owner.ts';
import { readReceipts, writeReceipt } from '#harness/lease/receipt.ts';
import type { DockerPlace } from './docker-place.ts';
import type { HostPorts } from './kind-config.ts';
import type { ClusterHeal } from './remove.ts';

/** A cluster is given back by its run; this only bounds a run that hangs for ever. */
const LEASE_S = 6 * 3600;

/** A cluster that this process owes to the machine. */
export interface ClusterDebt {
  /** What its receipt is called after, from the first time that it was made on. */
  readonly id: string;
  readonly name: string;
  /** Claimed for it as long as the receipt is there, whether something listens on them or not. */
  readonly ports: HostPorts;
  readonly place: DockerPlace;
}

const PREFIX = 'cluster-';

export function debtReceipt({ id }: Pick<ClusterDebt, 'id'>): string {
  return `${PREFIX}${id}`;
}

/**
 * Writes down what is owed; a receipt that is there is replaced.
 * @param maker the kind that makes it now
 */
export async function noteDebt(debt: ClusterDebt, state: ClusterHeal['state'], maker?: Owner): Promise<void> {
  const { name, ports, place } = debt;
  await writeReceipt({
    id: debtReceipt(debt),
    kind: 'cluster',
    subject: name,
    created_at: new Date().toISOString(),
    lease_s: LEASE_S,
    owner: await thisProcess(),
    heal: {
      name,
      ports: Object.values(ports),
      state,
      ...(maker === undefined ? {} : { maker }),
      ...place,
    } satisfies ClusterHeal,
  });
}

/** The id of the debt for a cluster; undefined when it is owed to nobody, as one that is to be kept. */
export async function debtOf(name: string): Promise<string | undefined> {
  const { receipts } = await readReceipts();
  const found = receipts.find(({ kind, subject }) => kind === 'cluster' && subject === name);
  return found?.id.slice(PREFIX.length);
}
