import { relative } from 'node:path';
import { UsageError } from '#harness/core/errors.ts';
import { lockedVersions } from '#harness/images/selection.ts';
import { REGISTRY } from '#harness/stack/registry.ts';
import { chooseScenarios, findScenarios, ROOT } from './catalogue.ts';
import { readScenarios, type Scenario } from './read-scenarios.ts';
import { parseTags } from './tags.ts';

/** What a person asked for. */
export interface Wanted {
  /** Names or folders of scenarios; none means all. */
  readonly names: readonly string[];
  /** As `--tags` has it. */
  readonly tags: string | undefined;
}

/** The scenarios of a run. */
export interface Selected {
  readonly scenarios: readonly Scenario[];
  /** Left out because they are nightly and nobody asked for them. */
  readonly left_out: readonly string[];
}

/** @throws UsageError with the place of the first version that is not in the lock, naming those that are */
export async function refuseUnlocked(scenarios: readonly Scenario[]): Promise<void> {
  for (const { file, header } of scenarios) {
    for (const { component, version, line, column } of header.versions) {
      const [image] = REGISTRY[component].images;
      const locked = image === undefined ? [] : await lockedVersions(image);
      if (locked.includes(version)) continue;
      throw new UsageError(`${component} ${version} is not in the bill of materials`, {
        position: { file: relative(ROOT, file), line, column },
        next: locked.length > 0 ? `it has ${component} ${locked.join(' and ')}` : `it has no ${component}`,
      });
    }
  }
}

function isNightly({ header }: Scenario): boolean {
  return header.tags.includes('nightly');
}

/**
 * Chooses scenarios by name and tag. Nightly ones run only when a name or a tag asks for them.
 * @throws UsageError for a name or tag that stands for nothing, for a mistake at the top of a chosen
 *   file, and for a version that is not in the lock
 */
export async function selectScenarios({ names, tags }: Wanted): Promise<Selected> {
  const meant = tags === undefined ? undefined : parseTags(tags);
  const named = await readScenarios(chooseScenarios(await findScenarios(), names));
  const scenarios = named.filter((one) => meant?.(one.header.tags) ?? (names.length > 0 || !isNightly(one)));
  if (scenarios.length === 0) {
    throw new UsageError(`no scenario has the tags ${JSON.stringify(tags)}`, {
      next: '`mettle list` shows the tags of each',
    });
  }
  await refuseUnlocked(scenarios);
  const left_out = meant === undefined && names.length === 0 ? named.filter(isNightly) : [];
  return { scenarios, left_out: left_out.map(({ name }) => name) };
}
