import { spawnSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stateFolder } from '#harness/process/paths.ts';
import { useFreshState } from './testing/state.ts';
import { removeUnfinished } from './unfinished.ts';

useFreshState();

test('what a killed writer left unfinished goes, and what a living one is writing stays', async () => {
  const { pid } = spawnSync('true');
  const folder = await stateFolder('receipts');
  for (const name of ['a1.json', `a1.json.${pid}.new`, `b2.json.${process.pid}.new`])
    await writeFile(join(folder, name), '{}');
  await removeUnfinished();
  expect(new Set(await readdir(folder))).toStrictEqual(new Set(['a1.json', `b2.json.${process.pid}.new`]));
});
