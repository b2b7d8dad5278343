import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { UnfitError } from '#harness/core/errors.ts';
import { writeDurably } from '#harness/lease/durable.ts';

const SealedSecretSchema = v.pipe(
  v.object({
    namespace: v.pipe(v.string(), v.minLength(1)),
    name: v.pipe(v.string(), v.minLength(1)),
    /** Plain values by key. */
    values: v.record(v.string(), v.string()),
  }),
  v.readonly(),
);

/** A Secret as a person would keep it in a vault. Its values stand in the sealed file and nowhere else off-site. */
export type SealedSecret = v.InferOutput<typeof SealedSecretSchema>;

const FileSchema = v.pipe(v.array(SealedSecretSchema), v.readonly());

function pathIn(folder: string): string {
  return join(folder, 'sealed-secrets.json');
}

/** Writes the secrets, in place of what was sealed before, so that only the owner of the file may read it. */
export async function sealIn(folder: string, secrets: readonly SealedSecret[]): Promise<void> {
  await writeDurably(pathIn(folder), `${JSON.stringify(secrets)}\n`);
}

/**
 * The secrets that were sealed last.
 * @throws UnfitError when none were, or the file is damaged; it names the file and no value
 */
export async function unsealFrom(folder: string): Promise<readonly SealedSecret[]> {
  const path = pathIn(folder);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new UnfitError(`No secrets are sealed off-site: ${path} cannot be read`, { cause });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  // Neither a parser's complaint nor a cause goes with the error: both may quote what they could not read.
  const read = v.safeParse(FileSchema, parsed);
  if (read.success) return read.output;
  throw new UnfitError(`The sealed secrets ${path} are damaged`, {
    next: 'Without them a rebuilt cluster has other credentials than its data; seal them again.',
  });
}
