/**
 * Writes the generated parts of the README: `node scripts/readme.ts`. A test says when they are out of date.
 * `node scripts/readme.ts --contracts reports/out/contracts.json` makes these the verdicts of the last full run.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CONTRACTS } from '#harness/core/contracts/contracts.ts';
import { findScenarios, ROOT } from '#harness/run/catalogue.ts';
import { readScenarios } from '#harness/run/read-scenarios.ts';
import { type ContractsDocument, parseContracts } from '#reports/contracts/document.ts';
import { contractLines } from '#reports/contracts/markdown.ts';
import { type ContractRow, contractRows } from '#reports/contracts/rows.ts';
import { countsOf } from '#reports/contracts/words.ts';

const README = join(ROOT, 'README.md');

/** Verdicts of the last full run, kept so that the table can be made again. */
const LAST_FULL_RUN = join(ROOT, 'reports', 'contracts.json');

function readContracts(file: string): ContractsDocument | undefined {
  return existsSync(file) ? parseContracts(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
}

/**
 * The table of contracts: today's contracts in their own words, with the verdicts of the last full run. One that was
 * added since has none.
 */
export function contractPart(last: ContractsDocument | undefined): string {
  const rows = contractRows(CONTRACTS, []).map(
    (row): ContractRow => ({
      ...row,
      verdicts: last?.contracts.find(({ id }) => id === row.id)?.verdicts ?? [],
    }),
  );
  const counts = countsOf(rows).map(({ word, count }) => `${count} ${word}`);
  const when = last?.last_run === undefined || last.last_run === null ? 'never' : last.last_run.slice(0, 10);
  return [`Last full run: ${when}; ${counts.join(', ')}.`, '', ...contractLines(rows)].join('\n');
}

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
  const scenarios = replacePart(readFileSync(README, 'utf8'), 'scenarios', await scenarioTable());
  return replacePart(scenarios, 'contracts', contractPart(readContracts(LAST_FULL_RUN)));
}

if (import.meta.main) {
  const { contracts } = parseArgs({ options: { contracts: { type: 'string' } } }).values;
  if (contracts !== undefined) {
    const document = parseContracts(JSON.parse(readFileSync(contracts, 'utf8')));
    writeFileSync(LAST_FULL_RUN, `${JSON.stringify(document, null, 2)}\n`);
  }
  writeFileSync(README, await generatedReadme());
}
