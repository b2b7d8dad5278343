import { join, relative } from 'node:path';
import { type Standing, standingOfRun, worst } from '#harness/core/verdict.ts';
import { ROOT } from '#harness/run/catalogue.ts';
import type { ScenarioResult } from '#harness/run/vitest-runner.ts';
import { writeContracts } from '#reports/contracts/write.ts';
import { renderTable } from '#reports/terminal/table.ts';
import type { CliContext } from './context.ts';
import { type CommandEnd, exitOf } from './exit.ts';
import { summarise } from './summary.ts';
import { foldersOf, verdictOf } from './verdicts.ts';

/** Prints the results and says how the command ends. A result in whose place a further run stands decides nothing. */
export async function conclude(
  all: readonly ScenarioResult[],
  json: boolean,
  context: CliContext,
): Promise<CommandEnd> {
  const results = all.filter(({ run_again }) => run_again !== true);
  const outcome = worst(results.map((result) => result.outcome));
  if (json) {
    context.out(`${JSON.stringify({ outcome, scenarios: all }, null, 2)}\n`);
  } else {
    for (const result of all) await printResult(result, context);
  }
  const folders = results.flatMap((result) => (result.seeded_defect === undefined ? foldersOf(result) : []));
  const tables = await writeContracts(folders, join(ROOT, 'reports', 'out'));
  if (!json && tables?.files[0] !== undefined) {
    context.out(`\ncontracts and times: ${relative(process.cwd(), tables.files[0])}\n`);
  }
  const standings = await Promise.all(folders.map(async (folder) => standingOfRun(await verdictOf(folder))));
  const counts = (['pass', 'fail', 'inconclusive'] as const)
    .map((one) => ({ one, count: results.filter((result) => result.outcome === one).length }))
    .filter(({ count }) => count > 0)
    .map(({ one, count }) => `${count} ${one}`);
  if (all.length > results.length)
    counts.push(`${all.length - results.length} run again, its load being starved`);
  const known = countOf(standings, 'known-break');
  if (known > 0) counts.push(`${known} broken as known`);
  const news = countOf(standings, 'news');
  if (news > 0) counts.push(`${news} known to be broken and kept: news`);
  const decisive = results.find((result) => result.outcome === outcome && outcome !== 'pass');
  const why =
    decisive?.run_dir === undefined ? decisive?.errors[0]?.split('\n')[0] : await summaryOf(decisive);
  return {
    exit_code: exitOf(outcome),
    why: results.length === 0 ? 'no scenario ran' : [counts.join(', '), why].filter(Boolean).join('; '),
  };
}

function countOf(standings: readonly Standing[], wanted: Standing): number {
  return standings.filter((standing) => standing === wanted).length;
}

async function summaryOf(result: ScenarioResult): Promise<string> {
  if (result.seeded_defect !== undefined) return `seeded defect ${result.seeded_defect} went unnoticed`;
  try {
    for (const folder of [result.run_dir ?? '', ...(result.further_runs ?? [])]) {
      const verdict = await verdictOf(folder);
      if (verdict.outcome === result.outcome) return summarise(verdict);
    }
  } catch {
    // A run that broke before its verdict has its error instead.
  }
  return result.errors[0]?.split('\n')[0] ?? 'no verdict';
}

async function printResult(result: ScenarioResult, context: CliContext): Promise<void> {
  context.out(`\n${result.title}\n`);
  const { run_dir, further_runs = [], seeded_defect } = result;
  if (run_dir === undefined) {
    context.out(`${result.errors.join('\n')}\n`);
    return;
  }
  for (const folder of [run_dir, ...further_runs]) await printRun(folder, result, context);
  if (result.run_again === true) context.out('the load generator was starved; the scenario was run again\n');
  if (seeded_defect !== undefined) {
    const noticed = result.outcome === 'pass' ? 'noticed, as it must be' : 'NOT noticed';
    context.out(`seeded defect ${seeded_defect}: ${noticed}\n`);
  }
}

async function printRun(folder: string, { errors }: ScenarioResult, context: CliContext): Promise<void> {
  try {
    const verdict = await verdictOf(folder);
    context.out(renderTable(verdict, { colour: context.colour }));
  } catch {
    context.out(`${errors.join('\n')}\n`);
  }
  context.out(`report: ${relative(process.cwd(), join(folder, 'report.html'))}\n`);
}
