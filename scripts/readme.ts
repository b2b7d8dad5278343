/** Writes the generated parts of the README: `node scripts/readme.ts`. A test says when they are out of date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findScenarios, ROOT } from '#harness/run/catalogue.ts';
import { readScenarios } from '#harness/run/read-scenarios.ts';

const README = join(ROOT, 'README.md');

/** The table of scenarios, from the spec files themselves. */
export async function scenarioTable(): Promise<string> {
  const rows = (await readScenarios(await findScenarios())).map(
    ({ name, header, promises: [promise = ''] }) => {
      // The title of several tests at once has a gap where each has its own words; the goal says what they are for.
      const what = promise.includes('$') ? header.goal : promise;
      const { isolation, needs, tags } = header;
      return `| \`${name}\` | ${what} | ${needs.join(', ')} | ${isolation.kind} | ${tags.join(', ')} |`;
    },
  );
  return [
    '| scenario | promise | needs | isolation | tags |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/** The text with the part between the markers replaced. @throws Error when the markers are missing */
export function replacePart(text: string, part: string, content: string): string {
  const begin = `<!-- ${part}:start -->`;
  const end = `<!-- ${part}:end -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to < from) throw new Error(`the README has no markers for ${part}`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}

/** The README as it should be. */
export async function generatedReadme(): Promise<string> {
  return replacePart(readFileSync(README, 'utf8'), 'scenarios', await scenarioTable());
}

if (import.meta.main) writeFileSync(README, await generatedReadme());
