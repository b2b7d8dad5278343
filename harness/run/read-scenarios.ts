import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { messageOf, UsageError } from '#harness/core/errors.ts';
import { ROOT, type ScenarioFile } from './catalogue.ts';
import { parseHeader, type ScenarioHeader } from './header.ts';

/** A scenario with what its file says, read without running it. */
export interface Scenario extends ScenarioFile {
  readonly header: ScenarioHeader;
  /** The promises that it states: the titles of its tests. */
  readonly promises: readonly string[];
}

/**
 * Reads what a scenario file says at its top.
 * @param shown the file's path as messages show it
 * @throws UsageError with file, line and column of the first mistake, or when the file cannot be read
 */
export async function readScenario(
  one: ScenarioFile,
  shown: string = relative(ROOT, one.file),
): Promise<Scenario> {
  let source: string;
  try {
    source = await readFile(one.file, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${shown}: ${messageOf(error)}`, { cause: error });
  }
  return { ...one, header: parseHeader(source, shown), promises: promisesOf(source) };
}

/** Reads what scenario files say at their tops. Throws as `readScenario`. */
export async function readScenarios(files: readonly ScenarioFile[]): Promise<readonly Scenario[]> {
  return await Promise.all(files.map((one) => readScenario(one)));
}

/** The promises that a spec file states: the titles of its tests, read without running it. */
export function promisesOf(source: string): readonly string[] {
  return [...source.matchAll(/^test(?:\.for\([^)]*\))?\(\s*(?<quote>['"`])(?<title>.+?)\k<quote>,/gm)].map(
    (match) => match.groups?.['title'] ?? '',
  );
}
