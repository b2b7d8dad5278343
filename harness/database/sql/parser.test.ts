import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** The whole harness is to stay below 300 MB. */
const LIMIT_MB = 220;

test('many texts are parsed in little memory', () => {
  const code = `
    const { parseSql } = await import(${JSON.stringify(new URL('read.ts', import.meta.url).href)});
    const kinds = [
      'CREATE TABLE t (id bigint PRIMARY KEY, name text NOT NULL DEFAULT lower(\\'x\\'), o int REFERENCES u (id) ON DELETE CASCADE, CHECK (id > 0 AND name <> \\'\\'));',
      'SELECT a.id, count(*) FROM a JOIN b ON a.id = b.a LEFT JOIN c USING (id) WHERE a.x IN (1, 2, 3) AND EXISTS (SELECT FROM d WHERE d.id = a.id) GROUP BY a.id HAVING count(*) > 1 ORDER BY 2 DESC LIMIT 5;',
      'ALTER TABLE t ADD COLUMN c int GENERATED ALWAYS AS (a + 1) STORED, ALTER COLUMN b TYPE varchar(5) USING b::varchar(5), DROP COLUMN d;',
      'CREATE UNIQUE INDEX CONCURRENTLY i ON t USING gin (lower(a), b DESC) WHERE c IS NOT NULL;',
      'INSERT INTO t (a, b) SELECT x, CASE WHEN y > 1 THEN 2 ELSE 3 END FROM u ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING *;',
    ];
    for (let run = 0; run < 150; run += 1) await parseSql('up.sql', kinds.join('\\n').repeat(1 + run % 5));
    console.log(process.resourceUsage().maxRSS / 1000);
  `;
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', code], {
    encoding: 'utf8',
  });
  expect(Number(printed)).toBeGreaterThan(20);
  expect(Number(printed)).toBeLessThan(LIMIT_MB);
});
