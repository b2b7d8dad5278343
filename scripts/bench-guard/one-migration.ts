/** One migration at a number of rows, with both releases at work. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastLineOf, runGuard } from './program.ts';
import { atMost, type GuardRow } from './row.ts';

/** Budget of the README for the harness itself, whatever the number of rows. */
const MEMORY_MIB = 300;

const SCHEMA = `
CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  email text NOT NULL UNIQUE,
  age int,
  created_at timestamptz NOT NULL DEFAULT now()
);
`;

const RELEASE = `
-- name: by-id weight: 6
-- param id: sample users.id
SELECT id, name, email FROM users WHERE id = :id;

-- name: oldest weight: 1
SELECT id, name FROM users ORDER BY id LIMIT 20;

-- name: age weight: 2
-- param id: sample users.id
-- param age: int 18..99
UPDATE users SET age = :age WHERE id = :id;

-- name: join weight: 1
-- param name: text 8..20
-- param email: uuid
INSERT INTO users (name, email) VALUES (:name, :email);
`;

const FILES = {
  'schema.sql': SCHEMA,
  'release.sql': RELEASE,
  'up.sql': "ALTER TABLE users ADD COLUMN status text NOT NULL DEFAULT 'new';\n",
  'down.sql': 'ALTER TABLE users DROP COLUMN status;\n',
} as const;

/** @param budget_s undefined where only the memory has one */
export async function oneMigration(
  folder: string,
  {
    rows,
    budget_s,
    more,
  }: { readonly rows: string; readonly budget_s: number | undefined; readonly more: readonly string[] },
): Promise<readonly GuardRow[]> {
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  const given = ['up.sql', '--down', 'down.sql', '--schema', 'schema.sql', '--rows', rows];
  const releases = ['--old', 'release.sql', '--new', 'release.sql', '--rate', '300'];
  const ran = await runGuard(folder, [...given, ...releases, '--out-dir', 'out', ...more]);
  const what = `${rows} rows, both releases at 300/s${more.length === 0 ? '' : `, ${more.join(' ')}`}`;
  const memory = atMost(`${what}: memory of the harness`, ran.memory_mib, 'MiB', MEMORY_MIB);
  if (budget_s === undefined)
    return [{ ...memory, what: `${memory.what} (${ran.seconds.toFixed(1)} s; ${lastLineOf(ran)})` }];
  return [atMost(`${what}: verdict (${lastLineOf(ran)})`, ran.seconds, 's', budget_s), memory];
}
