/** The guard as its image holds it: modules without the sources beside them. */
import { copyFile, mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseGuardBrief } from '#harness/core/guard/brief.ts';
import { tryRun } from '#harness/process/run.ts';
import { imageOf, loadBom } from './bom.ts';
import { bundleApp } from './bundle.ts';
import { PROJECT } from './places.ts';

test('its parser, its workload and its server are found from the modules', { timeout: 120_000 }, async () => {
  const spec = imageOf(await loadBom(), 'guard');
  if (!('app' in spec)) throw new Error('the guard is no application');
  // Below the libraries, which hold the servers that an image has from Debian.
  const cache = join(PROJECT, 'node_modules/.cache');
  await mkdir(cache, { recursive: true });
  await using folder = await mkdtempDisposable(join(cache, 'guard-'));
  const at = (name: string): string => join(folder.path, name);
  const modules = Object.entries(await bundleApp(spec.app, spec.threads));
  await Promise.all(modules.map(([name, text]) => writeFile(at(name), text)));
  for (const [name, source] of Object.entries(spec.beside)) await copyFile(join(PROJECT, source), at(name));
  await writeFile(at('schema.sql'), 'CREATE TABLE orders (id int PRIMARY KEY, hash text NOT NULL);');
  await writeFile(
    at('up.sql'),
    'ALTER TABLE orders ALTER COLUMN hash TYPE varchar(1) USING hash::varchar(1);',
  );
  await writeFile(at('old.sql'), '-- param id: sample orders.id\nSELECT hash FROM orders WHERE id = :id;');
  const given = ['up.sql', '--schema=schema.sql', '--rows=500', '--old=old.sql', '--rate=20'];
  const quick = ['--fast', '--no-lint', '--reader=0', '--brief=brief', '--out-dir=out'];
  const { exit_code, stderr } = await tryRun(
    [process.execPath, at('main.mjs'), 'guard', ...given, ...quick],
    {
      cwd: folder.path,
    },
  );
  expect(stderr).toContain('exit 1 (fail): values-kept: 500 values of public.orders.hash are cut off');
  expect(exit_code).toBe(1);
  expect(parseGuardBrief(await readFile(at('brief'), 'utf8'))).toMatchObject({
    outcome: 'fail',
    failed: expect.arrayContaining([expect.objectContaining({ check: 'values-kept' })]),
  });
});
