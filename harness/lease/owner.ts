import { readFile } from 'node:fs/promises';
import * as v from 'valibot';

/**
 * A process that cannot be mistaken for another one that was given the same number later: `start_time` is field 22 of
 * /proc/PID/stat (ticks after boot, proc_pid_stat(5)), `boot_id` is /proc/sys/kernel/random/boot_id.
 */
export const OwnerSchema = v.pipe(
  v.object({ pid: v.number(), start_time: v.string(), boot_id: v.string() }),
  v.readonly(),
);

export type Owner = v.InferOutput<typeof OwnerSchema>;

/** @throws when the text is no owner in JSON */
export function parseOwner(text: string): Owner {
  return v.parse(OwnerSchema, JSON.parse(text));
}

/** Field 22 of a `/proc/PID/stat`. The program's name (field 2) may hold spaces and brackets. */
export function startTimeOf(stat: string): string | undefined {
  return stat
    .slice(stat.lastIndexOf(')') + 1)
    .trim()
    .split(' ')[19];
}

async function readStartTime(pid: number): Promise<string | undefined> {
  try {
    return startTimeOf(await readFile(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

/** The process of this number, or undefined when there is none. */
export async function processOf(pid: number): Promise<Owner | undefined> {
  const start_time = await readStartTime(pid);
  return start_time === undefined ? undefined : { pid, start_time, boot_id: await bootId() };
}

/** This process. */
export async function thisProcess(): Promise<Owner> {
  const self = await processOf(process.pid);
  if (self === undefined) throw new Error('/proc/self/stat cannot be read; Mettle needs Linux with /proc');
  return self;
}

/** Whether the very same process still runs. */
export async function isAlive(owner: Owner): Promise<boolean> {
  return owner.boot_id === (await bootId()) && owner.start_time === (await readStartTime(owner.pid));
}

/** Whether two records name the same process. */
export function sameOwner(left: Owner, right: Owner): boolean {
  return left.pid === right.pid && left.start_time === right.start_time && left.boot_id === right.boot_id;
}
