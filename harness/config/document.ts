import { readFile } from 'node:fs/promises';
import type * as v from 'valibot';
import { check, DocumentError, readYaml } from '#fixtures/apps/shop/document.ts';
import { parseRelease, type ReleaseDocument } from '#fixtures/apps/shop/release.ts';
import { messageOf, UsageError } from '#harness/core/errors.ts';

/** Turns the mistakes of a document into an error of the command line, the first mistake first. */
function asUsageError(error: unknown): unknown {
  if (!(error instanceof DocumentError)) return error;
  const [first, ...others] = error.mistakes;
  if (!first) return error;
  const more = others.map((one) => `\n${error.file}:${one.line}:${one.column}: ${one.message}`).join('');
  return new UsageError(`${first.message}${more}`, {
    position: { file: error.file, line: first.line, column: first.column },
    next: 'correct the file and run `mettle validate` on it',
    cause: error,
  });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Reads a YAML file against a schema.
 * @throws UsageError with file, line and column of every mistake
 */
export async function readDocument<const Schema extends v.GenericSchema>(
  schema: Schema,
  file: string,
): Promise<v.InferOutput<Schema>> {
  const text = await readText(file);
  try {
    const source = readYaml(text, file);
    return check(schema, source, source.value);
  } catch (error) {
    throw asUsageError(error);
  }
}

/**
 * Reads a release document of the shop.
 * @throws UsageError with file, line and column of every mistake
 */
export async function readRelease(file: string): Promise<{ document: ReleaseDocument; text: string }> {
  const text = await readText(file);
  try {
    return { document: parseRelease(text, file), text };
  } catch (error) {
    throw asUsageError(error);
  }
}
