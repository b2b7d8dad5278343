/** What tests of `mettle guard` with releases that serve HTTP have in common. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheDir } from '#harness/process/paths.ts';
import { type Ended, Program } from './program.ts';

/** The table of the small application in `harness/database/workload/testing/release-program.ts`. */
const USERS = `
CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);
`;

/** What it is asked. */
const USERS_ASKED = `
### find
# weight: 3
# param id: sample users.id
GET /users/{{id}}

### add
# param name: text 4..8
POST /users
content-type: application/json

{"name": "{{name}}"}
`;

/** Few rows, no reader in the way, no kills, at a rate that two programs beside all else keep up with. */
export const QUICK: readonly string[] =
  '--schema schema.sql --rows 300 --fast --reader 0 --no-lint --rate 60 --out-dir out'.split(' ');

/** The program in a folder with the application's table, `users.http`, and `add.sql`, which no release minds. */
export function guardedProgram(): Program {
  const program = new Program({ timeout_s: 170, cache: dirname(cacheDir()) });
  program.write('schema.sql', USERS);
  program.write('users.http', USERS_ASKED);
  program.write('add.sql', 'ALTER TABLE users ADD COLUMN nickname text;\n');
  return program;
}

/** What is checked of two releases beside a migration. */
export const RELEASES_CHECKED: readonly string[] = [
  'old-release-during',
  'old-release-after',
  'new-release-before',
  'new-release-during',
  'new-release-after',
];

/** What the last run kept, by the name of the file. */
function kept({ folder }: Program): Readonly<Record<string, string>> {
  const out = join(folder, 'out');
  const last = join(out, readdirSync(out).toSorted().at(-1) ?? '');
  return Object.fromEntries(readdirSync(last).map((name) => [name, readFileSync(join(last, name), 'utf8')]));
}

/** What both releases of the last run wrote. */
export function releaseLogs(program: Program): readonly (string | undefined)[] {
  const files = kept(program);
  return ['old', 'new'].map((side) => files[`${side}-release.log`]);
}

/** How such a log begins: the address of the database without its password. */
export const PASSWORD_REMOVED = /^serving from postgres:\/\/\w+:\[removed by mettle\]@/;

/** Checks of a run with `--format json`, by how they came out. */
export function checksOf({ out }: Ended, outcome: string): readonly string[] {
  const { checks }: { readonly checks: readonly { readonly check: string; readonly outcome: string }[] } =
    JSON.parse(out);
  return checks.filter((one) => one.outcome === outcome).map(({ check }) => check);
}
