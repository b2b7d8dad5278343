import { glob } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { UsageError } from '#harness/core/errors.ts';
import { nearest } from '#harness/core/nearest.ts';

/** Root of the checkout. */
export const ROOT = join(import.meta.dirname, '..', '..');

/** One spec file under `scenarios/`, named by its path: `rollback/flagger-error-rate`. */
export interface ScenarioFile {
  readonly name: string;
  readonly file: string;
}

/** All scenarios of this checkout, by name. */
export async function findScenarios(): Promise<readonly ScenarioFile[]> {
  const folder = join(ROOT, 'scenarios');
  const found: ScenarioFile[] = [];
  for await (const path of glob('**/*.spec.ts', { cwd: folder })) {
    found.push({ name: path.replace(/\.spec\.ts$/, ''), file: join(folder, path) });
  }
  return found.sort((left, right) => left.name.localeCompare(right.name));
}

/** The scenario name of a spec file. */
export function scenarioName(file: string): string {
  return relative(join(ROOT, 'scenarios'), file).replace(/\.spec\.ts$/, '');
}

/**
 * The scenarios that the given names stand for: a name is a scenario or a folder of scenarios; none means all.
 * @throws UsageError for a name that stands for nothing, with the nearest names
 */
export function chooseScenarios(
  all: readonly ScenarioFile[],
  names: readonly string[],
): readonly ScenarioFile[] {
  if (names.length === 0) return all;
  const chosen = new Set<ScenarioFile>();
  for (const given of names) {
    const name = given.replace(/^(\.\/)?scenarios\//, '').replace(/(\.spec\.ts|\/)$/, '');
    const matching = all.filter((one) => one.name === name || one.name.startsWith(`${name}/`));
    if (matching.length === 0) {
      const near = nearest(
        name,
        all.map((one) => one.name),
      );
      throw new UsageError(`there is no scenario "${given}"`, {
        next:
          near.length > 0
            ? `did you mean ${near.join(' or ')}? \`mettle list\` shows all`
            : '`mettle list` shows all',
      });
    }
    for (const one of matching) chosen.add(one);
  }
  return all.filter((one) => chosen.has(one));
}
