import { randomUUID } from 'node:crypto';
import { readlink, realpath, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, UsageError } from '#harness/core/errors.ts';
import { writeWhole } from './files.ts';
import { renderHtml } from './html/page.ts';
import { renderSummaryJson } from './json/summary.ts';
import { renderJunit } from './junit/junit.ts';
import { renderMarkdown } from './markdown/summary.ts';
import { readRun } from './read-run.ts';
import { renderRunbook } from './runbook/runbook.ts';

/**
 * Renders every report of a run folder from its `timeline.jsonl` and `verdict.json`, and makes `latest` of the
 * scenario's folder point to the newest run. Files appear whole or not at all; the same run gives the same files.
 * @returns the paths of the files, the page first
 * @throws UsageError when the folder is no run folder or a line is malformed (with file, line and column)
 */
export async function writeReports(run_dir: string): Promise<readonly string[]> {
  const folder = await resolved(run_dir);
  const { timeline, verdict } = await readRun(folder);
  const runbook = renderRunbook(timeline, verdict, verdict);
  const contents: Readonly<Record<string, string>> = {
    'report.html': renderHtml(timeline, verdict, verdict),
    'junit.xml': renderJunit(verdict, verdict),
    'summary.json': renderSummaryJson(timeline, verdict, verdict),
    'summary.md': renderMarkdown(timeline, verdict, verdict),
    ...(runbook === undefined ? {} : { 'runbook.md': runbook }),
  };
  const files = Object.entries(contents).map(async ([name, content]) => {
    const file = join(folder, name);
    await writeWhole(file, content);
    return file;
  });
  const written = await Promise.all(files);
  await pointLatest(folder);
  return written;
}

async function resolved(run_dir: string): Promise<string> {
  try {
    return await realpath(run_dir);
  } catch (error) {
    throw new UsageError(`no run folder ${run_dir}: ${messageOf(error)}`, {
      next: 'name a folder that a run made, for example reports/out/<scenario>/latest',
      cause: error,
    });
  }
}

/** Points `latest` at the run unless it already points at a newer one: an old run may be rendered again. */
async function pointLatest(run_dir: string): Promise<void> {
  const link = join(dirname(run_dir), 'latest');
  const name = basename(run_dir);
  const current = await readlink(link).catch(() => '');
  // Folders are named by their time, so the order of names is the order of time.
  if (basename(current) >= name && (await realpath(link).catch(() => '')) !== '') return;
  const temporary = `${link}.${randomUUID()}.tmp`;
  try {
    await symlink(name, temporary, 'dir');
    await rename(temporary, link);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
