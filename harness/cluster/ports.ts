import getPort, { portNumbers } from 'get-port';
import { UnfitError } from '#harness/core/errors.ts';
import { locked } from '#harness/lease/locked.ts';
import { readReceipts } from '#harness/lease/receipt.ts';

/** Below Linux's range of outgoing ports (32768 and up), so that no client connection takes one meanwhile. */
const RANGE = [20_000, 29_999] as const;
const HOST = '127.0.0.1';

/** Ports that clusters being made have claimed, before anything listens on them. */
async function claimedPorts(): Promise<ReadonlySet<number>> {
  const { receipts } = await readReceipts();
  const ports = receipts.flatMap(({ heal }) => (Array.isArray(heal['ports']) ? heal['ports'] : []));
  return new Set(ports.filter((port) => typeof port === 'number'));
}

/**
 * Chooses free ports on 127.0.0.1 and lets `claim` write them down before another run may choose.
 * @param names what the ports are for
 * @param wanted ports that the caller insists on; any will do for the others
 * @throws UnfitError naming a wanted port that is taken
 */
export async function claimPorts<Name extends string>(
  names: readonly Name[],
  wanted: Partial<Readonly<Record<Name, number>>>,
  claim: (ports: ReadonlyMap<Name, number>) => Promise<void>,
): Promise<ReadonlyMap<Name, number>> {
  return await locked('ports', async () => {
    const taken = new Set(await claimedPorts());
    const ports = new Map<Name, number>();
    // Wanted ports first, so that none of them is given away as a free one.
    for (const name of names.toSorted((left, right) => (wanted[right] ?? 0) - (wanted[left] ?? 0))) {
      const want = wanted[name];
      const port = await getPort({ host: HOST, port: want ?? portNumbers(...RANGE), exclude: taken });
      if (want !== undefined && port !== want) throw portTaken(name, want);
      ports.set(name, port);
      taken.add(port);
    }
    await claim(ports);
    return ports;
  });
}

/** The error that names a port which something else listens on. */
export function portTaken(what: string, port: number, cause?: unknown): UnfitError {
  return new UnfitError(`Port ${port} of 127.0.0.1, wanted for ${what}, is in use`, {
    ...(cause === undefined ? {} : { cause }),
    next: `See who holds it (ss -ltnp 'sport = :${port}'), end that program, then run this again.`,
  });
}

/** The port in Docker's complaint that it cannot publish one; undefined when it complains of something else. */
export function clashingPort(text: string): number | undefined {
  const match =
    /(?:Bind for|listen tcp4?) [\d.]+:(\d+)(?: failed: port is already allocated|: bind: address already in use)/.exec(
      text,
    );
  return match ? Number(match[1]) : undefined;
}
