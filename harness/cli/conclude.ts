import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type Verdict, worst } from '#harness/core/verdict.ts';
import type { ScenarioResult } from '#harness/run/vitest-runner.ts';
import { renderTable } from '#reports/terminal/table.ts';
import type { CliContext } from './context.ts';
import { type CommandEnd, exitOf } from './exit.ts';
import { summarise } from './summary.ts';

async function verdictOf(run_dir: string): Promise<Verdict> {
  return JSON.parse(await readFile(join(run_dir, 'verdict.json'), 'utf8'));
}

/** Prints the results and says how the command ends. */
export async function conclude(
  results: readonly ScenarioResult[],
  json: boolean,
  context: CliContext,
): Promise<CommandEnd> {
  const outcome = worst(results.map((result) => result.outcome));
  if (json) {
    context.out(`${JSON.stringify({ outcome, scenarios: results }, null, 2)}\n`);
  } else {
    for (const result of results) await printResult(result, context);
  }
  const counts = (['pass', 'fail', 'inconclusive'] as const)
    .map((one) => ({ one, count: results.filter((result) => result.outcome === one).length }))
    .filter(({ count }) => count > 0)
    .map(({ one, count }) => `${count} ${one}`);
  const decisive = results.find((result) => result.outcome === outcome && outcome !== 'pass');
  const why =
    decisive?.run_dir === undefined ? decisive?.errors[0]?.split('\n')[0] : await summaryOf(decisive);
  return {
    exit_code: exitOf(outcome),
    why: results.length === 0 ? 'no scenario ran' : [counts.join(', '), why].filter(Boolean).join('; '),
  };
}

async function summaryOf(result: ScenarioResult): Promise<string> {
  if (result.seeded_defect !== undefined) return `seeded defect ${result.seeded_defect} went unnoticed`;
  try {
    return summarise(await verdictOf(result.run_dir ?? ''));
  } catch {
    // A run that broke before its verdict has its error instead.
    return result.errors[0]?.split('\n')[0] ?? 'no verdict';
  }
}

async function printResult(result: ScenarioResult, context: CliContext): Promise<void> {
  context.out(`\n${result.title}\n`);
  if (result.run_dir === undefined) {
    context.out(`${result.errors.join('\n')}\n`);
    return;
  }
  try {
    const verdict = await verdictOf(result.run_dir);
    context.out(renderTable(verdict, { colour: context.colour }));
  } catch {
    context.out(`${result.errors.join('\n')}\n`);
  }
  if (result.seeded_defect !== undefined) {
    const noticed = result.outcome === 'pass' ? 'noticed, as it must be' : 'NOT noticed';
    context.out(`seeded defect ${result.seeded_defect}: ${noticed}\n`);
  }
  context.out(`report: ${relative(process.cwd(), join(result.run_dir, 'report.html'))}\n`);
}
