import { messageOf, type MettleError, UnfitError } from '#harness/core/errors.ts';
import { answerOf } from '../guard/apply-refusal.ts';
import { nameOf } from './address.ts';
import type { Address, ScratchServer } from './types.ts';

const NOT_AVAILABLE = /^extension "(?<name>[^"]+)" is not available/;
const NO_CONTROL_FILE = /extension control file "[^"]*\/(?<name>[^/"]+)\.control"/;
/** SQLSTATE: feature not supported, undefined file. */
const EXTENSION_CODES = new Set(['0A000', '58P01']);
const DISK_FULL = '53100';

/** Name of the extension that a server does not have, if that is what it answered. */
export function missingExtension(answer: {
  readonly code: string;
  readonly message: string;
}): string | undefined {
  if (!EXTENSION_CODES.has(answer.code)) return undefined;
  const { message } = answer;
  return (NOT_AVAILABLE.exec(message) ?? NO_CONTROL_FILE.exec(message))?.groups?.['name'];
}

/** @param who what needs the extension, for the message */
export function lacksExtension(who: string, extension: string, cause?: unknown): UnfitError {
  return new UnfitError(`${who} needs the extension ${extension}, which this PostgreSQL does not have`, {
    cause,
    next: `Add --engine container: it takes the newest image of PostgreSQL on this machine, or the one of --postgres. Bring one that holds ${extension}.`,
  });
}

/**
 * What a server answered, if it says that the server or the machine lacks something.
 * @param who what was being done, for the message
 */
export function lackOf(thrown: unknown, who: string): UnfitError | undefined {
  const answer = answerOf(thrown);
  if (answer === undefined) return undefined;
  const extension = missingExtension(answer);
  if (extension !== undefined) return lacksExtension(who, extension, thrown);
  if (answer.code === DISK_FULL) {
    return new UnfitError(`${who}: the disk is full`, {
      cause: thrown,
      next: 'Make room, or use fewer rows.',
    });
  }
  return undefined;
}

/**
 * Ends a server of another version than the one that was asked for: a tag says what somebody called it, the server knows better.
 * @param wanted `18` or `18.4`; any when undefined
 * @throws UnfitError that names both
 */
export async function refuseOther(
  server: ScratchServer,
  wanted: string | undefined,
  { where, next }: { readonly where: string; readonly next: string },
): Promise<void> {
  const { version } = server;
  if (wanted === undefined || version === wanted || version.startsWith(`${wanted}.`)) return;
  await server[Symbol.asyncDispose]();
  throw new UnfitError(`${where} holds PostgreSQL ${version}, not ${wanted}`, { next });
}

/** In the words of the operating system and of the server, and what can be done. */
const UNREACHABLE: Readonly<Record<string, readonly [cause: string, next: string]>> = {
  ECONNREFUSED: ['nobody listens there', 'Is the server up, and host and port right?'],
  ENOTFOUND: ['the host has no address', 'Is the name of the host right?'],
  EAI_AGAIN: ['the name server does not answer', 'Is the network up?'],
  ENOENT: ['there is no such socket', 'Is the server up, and the folder of its sockets right?'],
  ETIMEDOUT: ['it does not answer', 'Is a firewall in between?'],
  '28P01': ['user or password is wrong', 'Check both; PGPASSWORD serves too.'],
  '28000': [
    'the server does not let this user in',
    'Look at its pg_hba.conf; it may ask for ?sslmode=require.',
  ],
  '3D000': ['there is no such database on it', 'psql --list shows those that are there.'],
  '53300': ['it has too many connections', 'Try again when it has fewer.'],
  '57P03': ['it is starting or stopping', 'Try again when it serves.'],
};

/** Why a database cannot be reached, without user and password. */
export function unreachable(address: Address, thrown: unknown): MettleError {
  const name = nameOf(address);
  const code = codeOf(thrown);
  const known = code === undefined ? undefined : UNREACHABLE[code];
  if (known === undefined) {
    return new UnfitError(`the database ${name} cannot be reached: ${messageOf(thrown)}`, { cause: thrown });
  }
  const [cause, next] = known;
  return new UnfitError(`the database ${name} cannot be reached: ${cause}`, { cause: thrown, next });
}

function codeOf(thrown: unknown): string | undefined {
  const first: unknown = thrown instanceof AggregateError ? thrown.errors[0] : thrown;
  return first instanceof Error && 'code' in first && typeof first.code === 'string' ? first.code : undefined;
}
