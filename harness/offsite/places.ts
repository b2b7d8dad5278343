import { chmod, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UnfitError, UsageError } from '#harness/core/errors.ts';
import { hasReceipt } from '#harness/lease/receipt.ts';
import { stateFolder } from '#harness/process/paths.ts';

/** Docker label of everything that belongs to what is off-site. */
export const OFFSITE_LABEL = 'mettle.dev/offsite';

/** Where the nodes of a cluster find the backups. */
export const BACKUPS_ON_NODE = '/var/lib/mettle/offsite/backups';

/** Folders that users inside containers write to, by what they are for. */
export const SHARED = ['backups', 'repositories'] as const;

/** An id is part of the names of a container, a network and a folder. */
export function isOffsiteId(id: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/.test(id);
}

/** @throws UsageError when it cannot be an id */
export function checkId(id: string): string {
  if (isOffsiteId(id)) return id;
  throw new UsageError(`${JSON.stringify(id)} cannot be the name of what is off-site`, {
    next: 'Use up to 32 lower-case letters, digits and inner hyphens.',
  });
}

/**
 * The network of what is off-site. Docker sends what leaves a container, and publishes its ports, through the network whose
 * name is first in the alphabet. What is off-site joins networks of clusters, which are called `mettle-` and a letter or a
 * digit, and must stay published through its own: a hyphen comes before both.
 */
export function networkName(id: string): string {
  return `mettle--offsite-${id}`;
}

export function gitContainerName(id: string): string {
  return `mettle-offsite-${id}-git`;
}

/** Programs of the watch, each in a container of its own. */
export type WatchPart = 'prometheus' | 'alertmanager' | 'chat';

export function watchContainerName(id: string, part: WatchPart): string {
  return `mettle-offsite-${id}-${part}`;
}

/** The folder on this machine that holds backups, repositories and sealed secrets. */
export async function offsiteFolder(id: string): Promise<string> {
  return join(await stateFolder('offsite'), checkId(id));
}

/** What the receipt of an id is called. */
export function receiptOf(id: string): string {
  return `offsite-${id}`;
}

/**
 * Proves that an id is nobody's: what is made under it will be removed under it.
 * @throws UnfitError when something off-site is called so
 */
export async function refuseTakenId(id: string): Promise<void> {
  const folder = await offsiteFolder(id);
  if (await hasReceipt(receiptOf(id))) {
    throw new UnfitError(`There is something off-site called ${id} already`, {
      next: 'Choose another name; mettle cleanup removes what a run that died has left.',
    });
  }
  if ((await stat(folder).catch(() => undefined)) === undefined) return;
  throw new UnfitError(`There is a folder ${folder} already, which no run owes to this machine`, {
    next: 'Look what is in it, and remove it, or choose another name.',
  });
}

/**
 * Makes the folder and what is in it. It is closed to other users of the machine, who therefore reach nothing inside; whoever
 * is given a part of it, as the user of a container, may write there whatever the number of that user is.
 */
export async function makeFolder(id: string): Promise<string> {
  const folder = await offsiteFolder(id);
  await mkdir(folder, { mode: 0o700 });
  for (const name of SHARED) {
    await mkdir(join(folder, name));
    // The mode that mkdir is given is narrowed by the umask.
    await chmod(join(folder, name), 0o777);
  }
  return folder;
}
