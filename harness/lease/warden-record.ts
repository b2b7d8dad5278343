import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { stateFolder } from '#harness/process/paths.ts';
import { removeDurably, writeDurably } from './durable.ts';
import { isAlive, type Owner, OwnerSchema, sameOwner } from './owner.ts';

/** Which warden holds the receipts of which process: threads of one process share its warden. */
const RecordSchema = v.object({ owner: OwnerSchema, warden: OwnerSchema });

async function pathOf(owner: Owner): Promise<string> {
  return join(await stateFolder('wardens'), `${owner.pid}.json`);
}

/** Notes that a warden holds the receipts of a process. */
export async function noteWarden(owner: Owner, warden: Owner): Promise<void> {
  await writeDurably(await pathOf(owner), `${JSON.stringify({ owner, warden })}\n`);
}

/** Forgets the warden of a process that is gone. */
export async function forgetWarden(owner: Owner): Promise<void> {
  await removeDurably(await pathOf(owner));
}

/** The living warden of a process; undefined when none was noted, or it is gone. */
export async function livingWarden(owner: Owner): Promise<Owner | undefined> {
  const text = await readFile(await pathOf(owner), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const noted = v.safeParse(RecordSchema, JSON.parse(text));
  if (!noted.success || !sameOwner(noted.output.owner, owner)) return undefined;
  return (await isAlive(noted.output.warden)) ? noted.output.warden : undefined;
}
