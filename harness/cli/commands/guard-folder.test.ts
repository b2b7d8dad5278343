import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CATALOGUE, catalogueEntry } from '#harness/core/guard/catalogue/catalogue.ts';
import { CHECK_IDS, GROUND_IDS } from '#harness/core/guard/catalogue/ids.ts';
import { findPgroll } from '#harness/database/migrations/pgroll-program.ts';
import { cacheDir } from '#harness/process/paths.ts';
import { type Ended, Program } from '../testing/program.ts';

let program: Program;

beforeAll(() => {
  program = new Program({ timeout_s: 170, cache: dirname(cacheDir()) });
});

afterAll(() => {
  program[Symbol.dispose]();
});

const QUICK = ['--fast', '--reader', '0', '--no-lint', '--out-dir', 'out'];

function folderOf(name: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(join(program.folder, name));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(program.folder, name, file), text);
  return name;
}

/** The folder `flyway`, on a dump. */
const guardDump = (path: string): Promise<Ended> =>
  program.run('guard', 'flyway', '--data', path, '--format', 'json', ...QUICK);

describe('a dump knows which migrations its database has seen', { timeout: 180_000 }, () => {
  const HISTORY = `CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version text, description text,
    type text, script text, checksum int, installed_by text, installed_on timestamp, execution_time int, success boolean);`;

  /** A plain dump of a database with some users, at which Flyway has run these versions. */
  function dump(name: string, ...versions: readonly string[]): string {
    const rows = versions.map(
      (version, index) =>
        `INSERT INTO flyway_schema_history VALUES (${index + 1}, '${version}', '', 'SQL', '', 0, '', now(), 0, true);\n`,
    );
    return program.write(
      name,
      `--
-- PostgreSQL database dump
--
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);
COPY users (id, name) FROM stdin;
${Array.from({ length: 50 }, (_, index) => `${index + 1}\tname of user ${index + 1}\n`).join('')}\\.
${HISTORY}
${rows.join('')}--
-- PostgreSQL database dump complete
--
`,
    );
  }

  beforeAll(() => {
    folderOf('flyway', {
      'V1__users.sql': 'CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);\n',
      'V2__age.sql': 'ALTER TABLE users ADD COLUMN age int;\n',
      'V3__short_names.sql': 'ALTER TABLE users ALTER COLUMN name TYPE varchar(4) USING name::varchar(4);\n',
    });
  });

  test('and only the others are judged, one after the other', async () => {
    const ended = await guardDump(dump('first.sql', '1'));
    expect(ended.err).toMatch(
      /exit 1 \(fail\): V3__short_names: values-kept: 50 values of public\.users\.name are cut off/,
    );
    const { checks } = JSON.parse(ended.out);
    const ran = checks.filter(({ check }: { check: string }) => check === 'runs-on-data');
    expect(ran.map(({ migration }: { migration: string }) => migration)).toEqual([
      'V2__age',
      'V3__short_names',
    ]);
    expect(ended.out).not.toContain('V1__users');
  });

  test('so nothing is left to judge where all have been run', async () => {
    const ended = await guardDump(dump('all.sql', '1', '2', '3'));
    expect(ended.err).toMatch(/all of them have been run: nothing is left to judge/);
    expect(ended.code).toBe(64);
  });

  test('and a gap in its history, or a version without a file, is refused', async () => {
    const gap = await guardDump(dump('gap.sql', '1', '3'));
    expect(gap.err).toMatch(/V2__age\.sql was not run, but V3__short_names, which comes after it, was/);
    const unknown = await guardDump(dump('unknown.sql', '1', '1.5'));
    expect(unknown.err).toMatch(/flyway_schema_history has 1\.5, but flyway has no file of it/);
    expect([gap.code, unknown.code]).toEqual([64, 64]);
  });
});

describe('a folder as a report of each format', { timeout: 180_000 }, () => {
  const NAMES = ['1_notes', '2_shorter'];
  let folder: string;

  beforeAll(async () => {
    program.write('schema.sql', 'CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);\n');
    folderOf('many', {
      '1_notes.sql': 'CREATE TABLE notes (id int PRIMARY KEY, text text);\n',
      '2_shorter.sql': 'ALTER TABLE users ALTER COLUMN name TYPE varchar(4) USING name::varchar(4);\n',
    });
    const rows = ['--schema', 'schema.sql', '--rows', '200'];
    const ended = await program.run('guard', 'many', ...rows, ...QUICK);
    if (ended.code !== 1) throw new Error(ended.err);
    folder = /out\/[\w-]+/.exec(ended.out)?.[0] ?? '';
  }, 180_000);

  /** The report of a format, written to a file. */
  async function report(format: string): Promise<string> {
    const file = `report.${format}`;
    const args = ['--judge', folder, '--format', format, '--output', file];
    const ended = await program.run('guard', ...args);
    expect(ended).toMatchObject({ code: 1, out: '' });
    return readFileSync(join(program.folder, file), 'utf8');
  }

  test('html is one page with both migrations', async () => {
    const page = await report('html');
    expect(page).toMatch(/^<!doctype html>/i);
    for (const name of NAMES) expect(page).toContain(name);
    expect(page).not.toMatch(/<script|(?:src|href)="https?:[^"]*\.(?:js|css)"/);
  });

  test('json has every check of both', async () => {
    const verdict = JSON.parse(await report('json'));
    expect(verdict).toMatchObject({ schema: 1, outcome: 'fail' });
    expect(new Set(verdict.checks.map(({ migration }: { migration: string }) => migration))).toEqual(
      new Set(NAMES),
    );
  });

  test('sarif points to the statement that fails', async () => {
    const log = JSON.parse(await report('sarif'));
    expect(log.version).toBe('2.1.0');
    const failing = log.runs[0].results.find(({ kind }: { kind: string }) => kind === 'fail');
    expect(failing).toMatchObject({
      ruleId: 'values-kept',
      locations: [{ physicalLocation: { artifactLocation: { uri: 'many/2_shorter.sql' } } }],
    });
  });

  test('markdown is short enough for a comment, and names what fails', async () => {
    const text = await report('markdown');
    expect(text).toContain(String.raw`2\_shorter`);
    expect(text).toMatch(/values-kept/);
    // GitHub takes 65,536 characters.
    expect(text.length).toBeLessThan(20_000);
  });

  test('junit has a suite for each migration, and a failure in the second', async () => {
    const xml = await report('junit');
    const suites = [...xml.matchAll(/<testsuite name="(?<name>[^"]+)"[^>]*failures="(?<failures>\d+)"/g)];
    const counted = suites.map(({ groups }) => [groups?.['name'], Number(groups?.['failures']) > 0]);
    expect(counted).toEqual([
      ['1_notes', false],
      ['2_shorter', true],
    ]);
  });

  test('a file that cannot be written is bad input', async () => {
    const ended = await program.run('guard', '--judge', folder, '--output', 'absent/report.txt');
    expect(ended.err).toMatch(/cannot write absent\/report\.txt/);
    expect(ended.code).toBe(64);
  });
});

test.skipIf(findPgroll() !== undefined)(
  'operations of pgroll without pgroll are refused as not fit',
  async () => {
    const operations = [{ drop_column: { table: 'users', column: 'name', down: 'NULL' } }];
    folderOf('pgroll', { '01_drop.json': JSON.stringify({ operations }) });
    const ended = await program.run('guard', 'pgroll', '--rows', '10');
    expect(ended.err).toContain(
      'pgroll/01_drop.json has the operation drop_column, which only the program pgroll',
    );
    expect(ended.err).toContain('install pgroll, or give the SQL of the migration');
    expect(ended.code).toBe(3);
  },
);

test('--explain says of every check what it measures, why, how it is judged, what is safer, and its source', async () => {
  const lacking = [...CHECK_IDS, ...GROUND_IDS].filter((id) => {
    const { measured = '', why = '', judged = '', safer = '', sources = [] } = catalogueEntry(id) ?? {};
    return [measured, why, judged, safer].some((part) => part.trim() === '') || sources.length === 0;
  });
  expect(lacking).toEqual([]);
  const ended = await program.run('guard', '--explain', 'lock-queue');
  const { title, why } = CATALOGUE['lock-queue'];
  expect(ended.out.replaceAll(/\s+/g, ' ')).toContain(why.replaceAll(/\s+/g, ' '));
  expect(ended.out).toContain(`lock-queue: ${title}`);
  expect(ended.err).toMatch(/exit 0 \(pass\): lock-queue was explained/);
});
