import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getDotPath, safeParse } from 'valibot';
import { messageOf, UsageError } from '#harness/core/errors.ts';
import type { GuardFacts } from '#harness/core/guard/facts.ts';
import { GUARD_FACTS } from './schema.ts';

const NEXT = 'name the folder of a run of the guard, as it was printed at its end';

/**
 * Reads the facts of an earlier run.
 * @throws UsageError when they are not there, are no JSON, or have another shape
 */
export async function readGuardFacts(folder: string): Promise<GuardFacts> {
  const file = join(folder, 'facts.json');
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${messageOf(error)}`, { next: NEXT, cause: error });
  }
  assertFacts(value, file);
  return value;
}

function assertFacts(value: unknown, file: string): asserts value is GuardFacts {
  const parsed = safeParse(GUARD_FACTS, value);
  if (parsed.success) return;
  const [issue] = parsed.issues;
  throw new UsageError(`${file}: ${getDotPath(issue) ?? 'facts'}: ${issue.message}`, { next: NEXT });
}
