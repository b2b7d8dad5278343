import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { messageOf, UsageError } from '#harness/core/errors.ts';
import type { GuardFacts } from '#harness/core/guard/facts.ts';
import type { StartInCluster } from '#harness/database/server/types.ts';
import { judgeGuard } from '#harness/judge/guard/judge-guard.ts';
import type { JudgeOptions } from '#harness/judge/guard/verdict.ts';
import type { GuardContext } from '#harness/run/guard/guard-migrations.ts';
import { writeWhole } from '#reports/files.ts';
import { renderGuardBrief } from '#reports/guard/brief.ts';
import { renderGuardJson } from '#reports/guard/json.ts';
import { explainGuard, type GuardReport } from '#reports/guard/model.ts';
import { renderGuardText } from '#reports/guard/text.ts';
import type { CliContext } from '../context.ts';
import { type CommandEnd, exitOf } from '../exit.ts';
import type { GuardFlags } from './guard-flags.ts';
import type { ReleaseLogs } from './guard-release.ts';
import { explainCheck, listChecks, requireCheck } from './guard-explain.ts';

/** Does what the flags of `mettle guard` ask for. @throws UsageError, UnfitError, InterruptedError */
export async function guard(
  path: string | undefined,
  flags: GuardFlags,
  context: CliContext,
  startInCluster?: StartInCluster,
): Promise<CommandEnd> {
  if (flags.list === true) return listChecks(context.out);
  if (flags.explain !== undefined) return explainCheck(flags.explain, context.out);
  const options = judgeOptions(flags);
  if (flags.judge !== undefined) {
    const { readGuardFacts } = await import('#reports/guard/read-facts.ts');
    const facts = await readGuardFacts(flags.judge);
    return await conclude({ facts, verdict: judgeGuard(facts, options) }, undefined, flags, context);
  }
  if (path === undefined) {
    throw new UsageError('no migration was named', {
      next: 'give a file or a folder: mettle guard up.sql --data dump.sql; `mettle guard --help` has examples',
    });
  }
  const { ReleaseLogs } = await import('./guard-release.ts');
  const logs = new ReleaseLogs();
  const facts = await measure(path, flags, { ...context, startInCluster }, logs);
  const report = { facts, verdict: judgeGuard(facts, options) };
  const folder = await keep(report, flags.outDir);
  await logs.keep(folder);
  return await conclude(report, folder, flags, context);
}

function judgeOptions({ readersMs, writersMs, queueMs, allow = {} }: GuardFlags): JudgeOptions {
  for (const check of Object.keys(allow)) requireCheck(check);
  const budgets = { readers_ms: readersMs, writers_ms: writersMs };
  return {
    budgets: queueMs === undefined ? budgets : { ...budgets, queue_ms: queueMs },
    accepted: allow,
  };
}

async function measure(
  path: string,
  flags: GuardFlags,
  { err, signal, startInCluster }: CliContext & Pick<GuardContext, 'startInCluster'>,
  logs: ReleaseLogs,
): Promise<GuardFacts> {
  const [{ guardRequest }, { guardMigrations }, { QuietPhases }] = await Promise.all([
    import('./guard-request.ts'),
    import('#harness/run/guard/guard-migrations.ts'),
    import('./guard-phases.ts'),
  ]);
  using phases = new QuietPhases(err);
  const request = await phases.phase('Migrations', 'guard-migrations-read', (progress) =>
    guardRequest(path, flags, logs, { signal, progress }),
  );
  signal.throwIfAborted();
  return await guardMigrations(request, { phases, signal, startInCluster });
}

/** Keeps the facts, so that they can be judged again, with verdict and page. */
async function keep(report: GuardReport, out_dir: string | undefined): Promise<string> {
  const [{ ROOT }, { renderGuardHtml }] = await Promise.all([
    import('#harness/run/catalogue.ts'),
    import('#reports/guard/html/page.ts'),
  ]);
  const folder = await freshFolder(out_dir ?? join(ROOT, 'reports', 'out', 'guard'), report.facts.started_at);
  await writeWhole(join(folder, 'facts.json'), `${JSON.stringify(report.facts, undefined, 1)}\n`);
  await writeWhole(join(folder, 'verdict.json'), renderGuardJson(report));
  await writeWhole(join(folder, 'report.html'), renderGuardHtml(report));
  return folder;
}

/** A folder that nobody else has, named by the time. */
async function freshFolder(parent: string, at: number): Promise<string> {
  await mkdir(parent, { recursive: true });
  const stamp = new Date(at).toISOString().replace(/\.\d+/, '').replaceAll(':', '-');
  for (let number = 1; ; number += 1) {
    const folder = join(parent, number === 1 ? stamp : `${stamp}-${number}`);
    try {
      await mkdir(folder);
      return folder;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}

async function rendered(report: GuardReport, { format }: GuardFlags, colour: boolean): Promise<string> {
  switch (format) {
    case 'text':
      return renderGuardText(report, { colour });
    case 'json':
      return renderGuardJson(report);
    case 'html':
      return (await import('#reports/guard/html/page.ts')).renderGuardHtml(report);
    case 'sarif':
      return (await import('#reports/guard/sarif.ts')).renderGuardSarif(report);
    case 'markdown':
      return (await import('#reports/guard/markdown.ts')).renderGuardMarkdown(report);
    case 'junit':
      return (await import('#reports/guard/junit.ts')).renderGuardJunit(report);
  }
}

async function conclude(
  report: GuardReport,
  folder: string | undefined,
  flags: GuardFlags,
  { out, colour }: CliContext,
): Promise<CommandEnd> {
  const { output, format, brief } = flags;
  if (brief !== undefined) await writeOutput(brief, renderGuardBrief(report));
  const text = await rendered(report, flags, colour && output === undefined);
  if (output === undefined) out(text);
  else await writeOutput(output, text);
  const place = folder === undefined ? undefined : relative(process.cwd(), join(folder, 'report.html'));
  if (place !== undefined && (output !== undefined || format === 'text')) out(`report: ${place}\n`);
  return { exit_code: exitOf(report.verdict.outcome), why: explainGuard(report.verdict) };
}

async function writeOutput(file: string, text: string): Promise<void> {
  try {
    // Not by renaming: it may be a device, such as /dev/stderr.
    await writeFile(file, text);
  } catch (error) {
    throw new UsageError(`cannot write ${file}: ${messageOf(error)}`, {
      next: 'name a file in a folder that is there',
      cause: error,
    });
  }
}
