import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename } from 'node:path';

/**
 * Has the kernel take this thread before others, where the user may ask for that: one that sends at given times must not wait for
 * a processor that others use. What it starts has the niceness of its thread too.
 * @param niceness from -20 (first) to 19
 * @returns whether it was done
 */
export function setThreadNiceness(niceness: number): boolean {
  try {
    // As `<process>/task/<thread>`. Source: proc(5), "/proc/thread-self".
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), niceness);
    return true;
  } catch {
    // Only an administrator may come first, and only Linux tells a thread its name.
    return false;
  }
}
