import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UsageError } from '#harness/core/errors.ts';
import type { GuardFacts } from '#harness/core/guard/facts.ts';

const NEXT = 'name the folder of a run of the guard; they lie below reports/out/guard';

/** @throws UsageError */
export async function readGuardFacts(folder: string): Promise<GuardFacts> {
  const file = join(folder, 'facts.json');
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${messageOf(error)}`, { next: NEXT, cause: error });
  }
}
