import { Command } from '@commander-js/extra-typings';
import { EXIT } from '#harness/core/errors.ts';
import type { Scenario } from '#harness/run/read-scenarios.ts';
import type { CliContext } from '../context.ts';
import type { CommandEnd } from '../exit.ts';

/** What a scenario asks for, in one line. */
function demands({ header }: Scenario, expected_s: number | undefined): string {
  const { isolation, needs, tags, versions, nodes } = header;
  return [
    `needs ${needs.join(', ') || 'nothing'}`,
    isolation.kind === 'namespace' ? `namespace ${isolation.cpu} cpu` : isolation.kind,
    ...(tags.length > 0 ? [`tags ${tags.join(', ')}`] : []),
    ...(nodes > 1 ? [`${nodes} nodes`] : []),
    ...(versions.length > 0
      ? [`versions ${versions.map(({ component, version }) => `${component} ${version}`).join(', ')}`]
      : []),
    ...(expected_s === undefined ? [] : [`about ${expected_s.toFixed(0)} s`]),
  ].join('; ');
}

/** `mettle list`: the scenarios of this checkout. */
export function listCommand(context: CliContext, done: (end: CommandEnd) => void) {
  return new Command('list')
    .description('list the scenarios: the promise that each one states, what it needs and how it is isolated')
    .argument('[scenario...]', 'names or folders of scenarios')
    .option('--tags <tags>', 'only scenarios with these tags, for example nightly or !slow')
    .option('--json', 'print only JSON on standard output')
    .addHelpText('after', '\nExamples:\n  mettle list --json\n  mettle list --tags nightly')
    .action(async (names, { json, tags }) => {
      const { chooseScenarios, findScenarios } = await import('#harness/run/catalogue.ts');
      const { readScenarios } = await import('#harness/run/read-scenarios.ts');
      const { parseTags } = await import('#harness/run/tags.ts');
      const { readDurations } = await import('#harness/run/durations.ts');
      const meant = tags === undefined ? () => true : parseTags(tags);
      const durations = readDurations();
      const scenarios = (await readScenarios(chooseScenarios(await findScenarios(), names))).filter(
        ({ header }) => meant(header.tags),
      );
      if (json) {
        const listed = scenarios.map((one) => ({
          name: one.name,
          promises: one.promises,
          needs: one.header.needs,
          components: one.header.components,
          isolation: one.header.isolation,
          tags: one.header.tags,
          nodes: one.header.nodes,
          versions: one.header.versions.map(({ component, version }) => ({ component, version })),
          ...(durations[one.name] === undefined ? {} : { expected_s: durations[one.name] }),
        }));
        context.out(`${JSON.stringify(listed, null, 2)}\n`);
      } else {
        for (const one of scenarios) {
          // The title of several tests at once has a gap where each has its own words.
          const titles = one.promises.map((promise) => (promise.includes('$') ? one.header.goal : promise));
          const promises = titles.map((title) => `    ${title}\n`).join('');
          context.out(`${one.name}\n${promises}      ${demands(one, durations[one.name])}\n`);
        }
      }
      done({ exit_code: EXIT.pass, why: `${scenarios.length} scenarios` });
    });
}
