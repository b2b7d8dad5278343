import { readFile } from 'node:fs/promises';

/** Bit of CAP_SYS_RESOURCE in a capability set. Source: linux/capability.h. */
const CAP_SYS_RESOURCE = 24n;

/**
 * Whether a `/proc/PID/status` shows a bounding set that holds CAP_SYS_RESOURCE. Without it runc cannot start a
 * privileged container ("unable to apply caps"), which kind needs. A status without the line counts as complete.
 */
export function boundsSysResource(status: string): boolean {
  const set = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return set === undefined || ((BigInt(`0x${set}`) >> CAP_SYS_RESOURCE) & 1n) === 1n;
}

/** The same for this process; true where there is no /proc. */
export async function haveSysResource(): Promise<boolean> {
  try {
    return boundsSysResource(await readFile('/proc/self/status', 'utf8'));
  } catch {
    return true;
  }
}
