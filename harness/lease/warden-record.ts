import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { stateDir, stateFiles, stateFolder } from '#harness/process/paths.ts';
import { removeDurably, writeDurably } from './durable.ts';
import { isAlive, type Owner, OwnerSchema, sameOwner } from './owner.ts';

/** Which warden holds the receipts of which process: threads of one process share its warden. */
const RecordSchema = v.object({ owner: OwnerSchema, warden: OwnerSchema });

type WardenRecord = v.InferOutput<typeof RecordSchema>;

function pathOf(owner: Owner): string {
  return join(stateDir(), 'wardens', `${owner.pid}.json`);
}

async function readRecord(path: string): Promise<WardenRecord | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const noted = v.safeParse(RecordSchema, JSON.parse(text));
  return noted.success ? noted.output : undefined;
}

/** Notes that a warden holds the receipts of a process. */
export async function noteWarden(owner: Owner, warden: Owner): Promise<void> {
  await stateFolder('wardens');
  await writeDurably(pathOf(owner), `${JSON.stringify({ owner, warden })}\n`);
}

/** Forgets the warden of a process that is gone. */
export async function forgetWarden(owner: Owner): Promise<void> {
  await removeDurably(pathOf(owner));
}

/** What is noted of every process of this state folder. */
export async function notedWardens(): Promise<readonly WardenRecord[]> {
  const noted = (await stateFiles('wardens')).filter((path) => path.endsWith('.json'));
  return (await Promise.all(noted.map(readRecord))).filter((record) => record !== undefined);
}

/** The living warden of a process; undefined when none was noted, or it is gone. */
export async function livingWarden(owner: Owner): Promise<Owner | undefined> {
  const noted = await readRecord(pathOf(owner));
  if (noted === undefined || !sameOwner(noted.owner, owner)) return undefined;
  return (await isAlive(noted.warden)) ? noted.warden : undefined;
}
