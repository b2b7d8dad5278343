import { mkdir, readdir, realpath } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { UsageError } from '#harness/core/errors.ts';
import { writeWhole } from '../files.ts';
import { readRun } from '../read-run.ts';
import { type ContractsDocument, contractsDocument } from './document.ts';
import { type JudgedRun, judgedRunOf } from './judged-run.ts';
import { renderContractsMarkdown } from './markdown.ts';
import { renderContractsHtml } from './page.ts';
import { type RecoveredRun, recoveredRunOf } from './recovered-run.ts';

/** What was put together, and where it lies. */
export interface WrittenContracts {
  readonly document: ContractsDocument;
  /** The page first. */
  readonly files: readonly string[];
  /** Runs that could not be read, for example because another version of Mettle made them, each with the reason. */
  readonly unread: readonly string[];
}

function saysAnything({ contracts, steps, decision }: JudgedRun): boolean {
  return contracts.length > 0 || steps.length > 0 || decision !== undefined;
}

/**
 * Writes the table of contracts, the times to roll back and the times to recover of the given runs, as `contracts.html`,
 * `contracts.md` and `contracts.json`. Other runs say nothing of these. Nothing is written where there is nothing to say.
 */
export async function writeContracts(
  run_dirs: readonly string[],
  out_dir: string,
): Promise<WrittenContracts | undefined> {
  const runs: JudgedRun[] = [];
  const recovered: RecoveredRun[] = [];
  const unread: string[] = [];
  // One after the other: a timeline takes megabytes while it is read.
  for (const folder of run_dirs) {
    try {
      const { timeline, verdict } = await readRun(folder);
      const run = judgedRunOf(timeline, verdict, relative(out_dir, folder));
      if (run) runs.push(run);
      const recovery = recoveredRunOf(timeline, verdict);
      if (recovery) recovered.push(recovery);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      unread.push(error.message);
    }
  }
  if (recovered.length === 0 && !runs.some((run) => saysAnything(run))) return undefined;
  const document = contractsDocument(runs, recovered);
  const contents: Readonly<Record<string, string>> = {
    'contracts.html': renderContractsHtml(document),
    'contracts.md': renderContractsMarkdown(document),
    'contracts.json': `${JSON.stringify(document, null, 2)}\n`,
  };
  await mkdir(out_dir, { recursive: true });
  const files = Object.entries(contents).map(async ([name, content]) => {
    await writeWhole(join(out_dir, name), content);
    return join(out_dir, name);
  });
  return { document, files: await Promise.all(files), unread };
}

/**
 * Folders of the runs at or below a folder that have a verdict, oldest first. Seeded defects are left out: they are
 * broken on purpose.
 */
export async function runFolders(folder: string): Promise<readonly string[]> {
  const root = await realpath(folder);
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile() && entry.name === 'verdict.json')
    .map((entry) => entry.parentPath)
    .filter((path) => !path.includes('seeded-defects'))
    .toSorted((left, right) => basename(left).localeCompare(basename(right)) || left.localeCompare(right));
}

/** Whether a folder is itself the folder of one run. */
export async function isRunFolder(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.includes('timeline.jsonl');
}
