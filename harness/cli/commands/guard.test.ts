import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cacheDir } from '#harness/process/paths.ts';
import { checksOf } from '../testing/guarded.ts';
import { tryRun } from '#harness/process/run.ts';
import { type Ended, Program } from '../testing/program.ts';

/** Nobody may see it: it stands where people put passwords. */
const PLANTED = 'planted-pa55word';

const SCHEMA = `
CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL CHECK (length(name) > 3),
  age int
);
`;

const OLD = `
-- name: by-id weight: 3
-- param id: sample users.id
SELECT id, name FROM users WHERE id = :id;

-- name: rename
-- param id: sample users.id
-- param name: text 4..8
UPDATE users SET name = :name WHERE id = :id;
`;

let program: Program;

beforeAll(() => {
  program = new Program({ timeout_s: 90, cache: dirname(cacheDir()) });
  program.write('schema.sql', SCHEMA);
  program.write('old.sql', OLD);
});

afterAll(() => {
  program[Symbol.dispose]();
});

const file = (name: string, text: string): string => {
  program.write(name, text);
  return name;
};

const QUICK = ['--rows', '400', '--fast', '--reader', '0', '--no-lint', '--out-dir', 'out'];

/** A quick run: few rows, no reader in the way, no kills. */
const guard = (up: string, ...more: readonly string[]): Promise<Ended> =>
  program.run('guard', up, '--schema', 'schema.sql', ...QUICK, ...more);

/** Folder of the last run. */
const newest = (): string => join('out', readdirSync(join(program.folder, 'out')).toSorted().at(-1) ?? '');

const lastLine = ({ err }: Ended): string | undefined => err.trim().split('\n').at(-1);

describe('a verdict by the real program', { timeout: 120_000 }, () => {
  test('a column that is added passes, is reported statement by statement, and can be judged again', async () => {
    const up = file('add.sql', 'ALTER TABLE users ADD COLUMN nickname text;\n');
    const down = file('add-down.sql', 'ALTER TABLE users DROP COLUMN nickname;\n');
    const ended = await guard(up, '--down', down, '--old', 'old.sql', '--new', 'old.sql');
    expect(lastLine(ended)).toMatch(/^exit 0 \(pass\): \d+ checks held; \d+ checks not asked for$/);
    expect(ended.code).toBe(0);
    expect(ended.out).toMatch(/^ {2}add\.sql:1:1 {2}ALTER TABLE users ADD COLUMN nickname text/m);
    expect(ended.out).toMatch(/^ {4}old release +before: 0 of \d+ failed, during: 0 of \d+ failed/m);
    expect(ended.out).not.toContain('\u001b');
    const [folder = ''] = /out\/[\w-]+/.exec(ended.out) ?? [];
    const kept = join(program.folder, folder);
    expect(readdirSync(kept).toSorted()).toEqual(['facts.json', 'report.html', 'verdict.json']);

    const again = await program.run('guard', '--judge', folder, '--format', 'json');
    expect(again.code).toBe(0);
    expect(JSON.parse(again.out)).toMatchObject({ outcome: 'pass', schema: 1 });
  });

  test('values that are cut off silently fail, with the number, whatever the format', async () => {
    const up = file(
      'cut.sql',
      'ALTER TABLE users ALTER COLUMN name TYPE varchar(3) USING name::varchar(3);\n',
    );
    // The check would hold the migration up, and that is another matter.
    const schema = file('no-check.sql', SCHEMA.replace(' CHECK (length(name) > 3)', ''));
    const ended = await guard(up, '--schema', schema, '--format', 'sarif');
    expect(ended.code).toBe(1);
    expect(lastLine(ended)).toMatch(
      /^exit 1 \(fail\): values-kept: \d+ values of public\.users\.name are cut off/,
    );
    const log = JSON.parse(ended.out);
    expect(log.runs[0].results[0]).toMatchObject({ ruleId: 'values-kept', kind: 'fail' });
  });

  test('long values that the server refuses fail safe', async () => {
    const up = file('refused.sql', 'ALTER TABLE users ALTER COLUMN name TYPE varchar(3);\n');
    const { code, out } = await guard(up);
    expect(code).toBe(1);
    expect(out.replaceAll(/\s+/g, ' ')).toMatch(
      /the server refused statement 1: (22001|23514) .*it fails safe: nothing was lost or left behind/,
    );
  });

  test('a column that the old release needs fails; once accepted, it is shown as accepted and passes', async () => {
    const up = file('drop.sql', 'ALTER TABLE users DROP COLUMN age;\n');
    const old = file('old-age.sql', '-- name: ages\nSELECT avg(age) FROM users;\n');
    const ended = await guard(up, '--old', old, '--format', 'json');
    expect(ended.code).toBe(1);
    const verdict = JSON.parse(ended.out);
    const failing = verdict.checks
      .filter(({ outcome }: { outcome: string }) => outcome === 'fail')
      .map(({ check }: { check: string }) => check);
    expect(failing).toEqual(expect.arrayContaining(['values-kept', 'old-release-after']));
    const allowed = failing.flatMap((check: string) => ['--allow', `${check}=contract step`]);
    const accepted = await program.run('guard', '--judge', newest(), ...allowed);
    expect(accepted.code).toBe(0);
    expect(accepted.out).toContain('accepted: contract step');
    expect(lastLine(accepted)).toMatch(/risks accepted/);
  });

  test('a schema may be what pg_dump writes: commands of psql, and roles that are not there', async () => {
    const schema = file(
      'dumped.sql',
      `--
-- PostgreSQL database dump
--
\\restrict a1B2
SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.users (id bigint NOT NULL, name text NOT NULL);
ALTER TABLE public.users OWNER TO shop;
GRANT SELECT ON TABLE public.users TO reporting;
\\unrestrict a1B2
--
-- PostgreSQL database dump complete
--
`,
    );
    const up = file('add3.sql', 'ALTER TABLE users ADD COLUMN y int;\n');
    const ended = await guard(up, '--schema', schema);
    expect(lastLine(ended)).toMatch(/^exit 0 \(pass\)/);
    const wrong = file('wrong.sql', 'CREATE TABLE users (id int);\nCREATE TABLE users (id int);\n');
    const refused = await guard(up, '--schema', wrong);
    expect(refused.err).toContain(
      'wrong.sql:2:1: the server refuses the schema: relation "users" already exists',
    );
    expect(refused.code).toBe(64);
  });

  test('the time zone of the sessions decides whether a timestamp is written anew; one that nobody knows is refused', async () => {
    program.write('days.sql', 'CREATE TABLE days (id int PRIMARY KEY, at timestamp NOT NULL);\n');
    program.write('zone.sql', 'ALTER TABLE days ALTER COLUMN at TYPE timestamptz;\n');
    const at = (zone: string): Promise<Ended> =>
      program.run(
        'guard',
        'zone.sql',
        '--schema',
        'days.sql',
        ...QUICK,
        '--time-zone',
        zone,
        '--format',
        'json',
      );
    const [utc, berlin, unknown] = [await at('UTC'), await at('Europe/Berlin'), await at('Europe/Berlln')];
    expect(checksOf(utc, 'pass')).toContain('table-rewrite');
    expect(checksOf(berlin, 'fail')).toContain('table-rewrite');
    expect(unknown.code).toBe(64);
    expect(unknown.err).toMatch(/knows no time zone "Europe\/Berlln"/);
  });

  test('an extension that the server does not have is no verdict, in a file as in a folder', async () => {
    const text = 'SELECT 1;\n  CREATE EXTENSION postgis;\n';
    const up = file('geo.sql', text);
    mkdirSync(join(program.folder, 'geo'));
    writeFileSync(join(program.folder, 'geo', '1.sql'), 'ALTER TABLE users ADD COLUMN z int;\n');
    writeFileSync(join(program.folder, 'geo', '2.sql'), text);
    for (const [path, at, name] of [
      [up, 'geo.sql:2:3', 'geo'],
      ['geo', 'geo/2.sql:2:3', '2'],
    ] as const) {
      const ended = await guard(path);
      expect(ended.err).toContain(
        `${at}: the migration ${name} needs the extension postgis, which this PostgreSQL does not have`,
      );
      expect(ended.err).toContain('--engine container');
      expect(ended.code).toBe(3);
    }
    const after = await guard('geo', '--from', '2', '--until', '2', '--schema', file('geo-schema.sql', text));
    expect(after.err).toContain('the schema geo-schema.sql needs the extension postgis');
    expect(after.code).toBe(3);
  });

  test('an old release that failed all along proves nothing', async () => {
    const old = file('broken.sql', "-- name: broken\nSELECT 1 / (length('') * 0);\n");
    const ended = await guard(file('add2.sql', 'ALTER TABLE users ADD COLUMN x int;\n'), '--old', old);
    expect(lastLine(ended)).toMatch(/^exit 2 \(inconclusive\): .*release failed/);
    expect(ended.code).toBe(2);
  });

  test('a folder is a sequence: what comes after a refused migration is not judged', async () => {
    const folder = join(program.folder, 'many');
    mkdirSync(folder);
    writeFileSync(join(folder, '1.sql'), 'CREATE TABLE notes (id int PRIMARY KEY, text text);\n');
    writeFileSync(join(folder, '2.sql'), 'ALTER TABLE notes ADD COLUMN at timestamptz;\n');
    writeFileSync(join(folder, '3.sql'), 'ALTER TABLE absent ADD COLUMN at timestamptz;\n');
    writeFileSync(join(folder, '4.sql'), 'ALTER TABLE notes DROP COLUMN at;\n');
    const ended = await guard('many', '--format', 'json');
    const { checks } = JSON.parse(ended.out);
    const ran = checks
      .filter(({ check }: { check: string }) => check === 'runs-on-data')
      .map(({ outcome }: { outcome: string }) => outcome);
    expect(ran).toEqual(['pass', 'pass', 'fail', 'inconclusive']);
    const present = checks.filter(({ check }: { check: string }) => check === 'data-present');
    // Tables that are new get rows before the next one is judged.
    expect(present[1]).toMatchObject({ outcome: 'pass', measured: '400 rows' });
    expect(ended.code).toBe(1);
  });
});

const IN_CLUSTER = ['guard', 'good.sql', '--rows', '10k', '--engine', 'cluster', '--cluster'] as const;

describe('bad input', { timeout: 60_000 }, () => {
  test.each([
    [['guard'], 64, /no migration was named/],
    [['guard', 'absent.sql', '--rows', '10k'], 64, /there is no absent\.sql/],
    [['guard', 'good.sql'], 64, /there are no rows to try it on/],
    [['guard', 'good.sql', '--rows', '10k', '--data', 'x.sql'], 64, /rows come from one place/],
    [['guard', 'good.sql', '--rows', 'many'], 64, /It must be a number of rows/],
    [['guard', 'good.sql', '--rows', '10k', '--down', 'absent.sql'], 64, /absent\.sql/],
    [['guard', 'good.sql', '--data', 'absent.dump'], 64, /absent\.dump/],
    [['guard', 'bad.sql', '--rows', '10k'], 64, /bad\.sql:2:7: .*syntax error/],
    [['guard', 'good.sql', '--rows', '10k', '--allow', 'value-kept'], 64, /did you mean values-kept/],
    [['guard', 'good.sql', '--rows', '10k', '--tool', 'rake'], 64, /no tool "rake" is known/],
    [['guard', 'good.sql', '--rows', '10k', '--from', 'god'], 64, /there is no migration "god"/],
    [['guard', 'good.sql', '--rows', '10k', '--engine', 'cluster'], 64, /needs the name of a cluster/],
    [['guard', 'good.sql', '--rows', '10k', '--cluster', 'play'], 64, /--engine embedded runs it here/],
    [[...IN_CLUSTER, 'A b'], 64, /"A b" cannot be the name of a cluster/],
    [
      [...IN_CLUSTER, 'absent'],
      3,
      /Refusing to act on cluster mettle-absent: Mettle has no record of having made/,
    ],
    [['guard', '--explain', 'lock-que'], 64, /did you mean lock-queue/],
    [['guard', '--judge', 'absent'], 64, /cannot read absent\/facts\.json/],
  ] as const)('%j', async (args, code, says) => {
    file('good.sql', 'SELECT 1;\n');
    file('bad.sql', 'SELECT 1;\nALTER TABEL users;\n');
    const ended = await program.run(...args);
    expect(ended.err).toMatch(says);
    expect(ended.code).toBe(code);
    expect(existsSync(join(program.folder, 'reports'))).toBe(false);
  });

  test('the program of the image of the guard knows no clusters', async () => {
    file('good.sql', 'SELECT 1;\n');
    const main = join(import.meta.dirname, '..', 'guard-main.ts');
    const ended = await tryRun([process.execPath, main, ...IN_CLUSTER, 'play'], { cwd: program.folder });
    expect(ended.stderr).toContain('this program can start no server in a cluster');
    expect(ended.exit_code).toBe(64);
  });

  test('a database that cannot be reached is named without its credentials', async () => {
    const url = `postgres://reader:${PLANTED}@127.0.0.1:1/shop`;
    const ended = await program.run('guard', file('good.sql', 'SELECT 1;\n'), '--copy-from', url);
    expect(ended.err).toContain('127.0.0.1:1/shop');
    expect(`${ended.out}${ended.err}`).not.toContain(PLANTED);
    expect(ended.code).toBe(3);
  });
});

describe('help', () => {
  test('--list names every check, --explain says what one is about', async () => {
    const listed = await program.run('guard', '--list');
    expect(listed.out).toMatch(/^values-kept /m);
    const told = await program.run('guard', '--explain', 'values-kept');
    for (const part of ['measured', 'why', 'judged', 'safer', 'sources']) {
      expect(told.out).toMatch(new RegExp(`^${part} `, 'm'));
    }
    expect([listed.code, told.code]).toEqual([0, 0]);
  });

  test('the statement of a password does not come through', async () => {
    const up = file(
      'role.sql',
      `CREATE ROLE planted_app LOGIN PASSWORD '${PLANTED}';\nDROP ROLE planted_app;\n`,
    );
    const ended = await guard(up);
    const out = join(program.folder, 'out');
    const kept = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.\w+$/.test(name),
    );
    const texts = kept.map((name) => readFileSync(join(out, name), 'utf8'));
    expect(texts.length).toBeGreaterThan(2);
    expect([ended.out, ended.err, ...texts].join('')).not.toContain(PLANTED);
  }, 120_000);
});
