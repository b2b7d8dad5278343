import { boolean, parse, record, string } from 'valibot';
import { expect, test } from 'vitest';
import type { DefaultKind } from '#harness/core/guard/meaning.ts';
import { askBy, askJson } from '../ask.ts';
import { openClient } from '../server/client.ts';
import { startSmallServer } from '../testing/small-server.ts';
import { readSql } from './read.ts';

/** Whether each of the server's own functions answers anew for each row; of several with one name, whether any does. */
async function volatileOnServer(): Promise<Readonly<Record<string, boolean>>> {
  await using server = await startSmallServer();
  await using database = await server.create();
  await using client = await openClient(database.address);
  const answer = await askJson(
    askBy(client),
    'its functions',
    `SELECT json_object_agg(proname, is_volatile) FROM (
       SELECT proname, bool_or(provolatile = 'v') AS is_volatile FROM pg_proc
       WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' AND proname ~ '^[a-z_0-9]+$' GROUP BY 1
     ) AS functions`,
  );
  return parse(record(string(), boolean()), answer);
}

test('what is said of a function of the server is what the server says of it', async () => {
  const on_server = await volatileOnServer();
  const names = Object.keys(on_server);
  expect(names.length).toBeGreaterThan(2000);
  const sql = names.map((name) => `ALTER TABLE t ADD COLUMN c text DEFAULT pg_catalog.${name}();`).join('\n');
  const said = (await readSql('up.sql', sql)).statements.map(({ does: [added] }): DefaultKind | undefined =>
    added?.does === 'add-column' ? added.default : undefined,
  );
  const counts = (kind: DefaultKind): number => said.filter((one) => one === kind).length;
  expect(counts('constant')).toBeGreaterThan(30);
  expect(counts('volatile')).toBeGreaterThan(7);
  const wrong = names.filter(
    (name, index) =>
      (said[index] === 'constant' && on_server[name] !== false) ||
      (said[index] === 'volatile' && on_server[name] !== true),
  );
  expect(wrong).toEqual([]);
});
