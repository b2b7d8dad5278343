import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Verdict } from '#harness/core/verdict.ts';
import type { ScenarioResult } from '#harness/run/vitest-runner.ts';

/** The verdict that a run came to. */
export async function verdictOf(run_dir: string): Promise<Verdict> {
  return JSON.parse(await readFile(join(run_dir, 'verdict.json'), 'utf8'));
}

/** Folders of the runs of a result that came to a verdict. */
export function foldersOf({ run_dir, further_runs = [] }: ScenarioResult): readonly string[] {
  const folders = run_dir === undefined ? [] : [run_dir, ...further_runs];
  return folders.filter((folder) => existsSync(join(folder, 'verdict.json')));
}
