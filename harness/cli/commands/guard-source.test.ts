import { dirname, join } from 'node:path';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cacheDir } from '#harness/process/paths.ts';
import { startChild } from '#harness/process/child.ts';
import { Program } from '../testing/program.ts';
import { type Watched, WatchedSource } from '../testing/watched-source.ts';

/** Whatever becomes of a run of the guard, the database whose address it was given is as it was, and was only read. */

const MAIN = join(import.meta.dirname, '..', 'main.ts');
const QUICK = ['--fast', '--reader', '0', '--no-lint', '--out-dir', 'out'];
/** More than is told before the rows come. */
const IN_THE_MIDDLE_BYTES = 200_000;
/** A few rows of what is asked of the statistics. */
const FIRST_ANSWERS_BYTES = 600;

let program: Program;
let source: WatchedSource;

beforeAll(async () => {
  program = new Program({ timeout_s: 90, cache: dirname(cacheDir()) });
  source = await WatchedSource.start(
    `CREATE TABLE users (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE);
     INSERT INTO users (name) SELECT 'name of user ' || n FROM generate_series(1, 300) AS n;
     CREATE SCHEMA bulk; CREATE TABLE bulk.events (id int PRIMARY KEY, what text);
     INSERT INTO bulk.events SELECT n, repeat(md5(n::text), 4) FROM generate_series(1, 60000) AS n`,
  );
  program.write('schema.sql', 'CREATE TABLE users (id int PRIMARY KEY, name text);\n');
  program.write('good.sql', 'ALTER TABLE users ADD COLUMN age int;\n');
  program.write('unread.sql', 'ALTER TABL users ADD COLUMN age int;\n');
  program.write('extended.sql', 'CREATE EXTENSION not_there;\nDELETE FROM users;\n');
  program.write('failing.sql', 'DELETE FROM users;\nALTER TABLE none ADD COLUMN age int;\n');
  program.write('destroying.sql', 'DROP TABLE users CASCADE;\n');
  program.write('slow.sql', 'SELECT pg_sleep(60);\n');
}, 120_000);

afterAll(async () => {
  await source[Symbol.asyncDispose]();
  program[Symbol.dispose]();
});

/** The two ways in which a database is named that is only to be read. */
const WAYS = {
  '--copy-from': (url: string, schema = 'public') => ['--copy-from', url, '--copy-schema', schema],
  '--like': (url: string) => ['--rows', '50', '--like', url, '--schema', 'schema.sql'],
} as const;
type Way = keyof typeof WAYS;

const READS =
  /^(?:SELECT|SHOW|WITH|BEGIN|COMMIT|ROLLBACK|SET|PREPARE|EXECUTE|DECLARE|FETCH|CLOSE|COPY [^]* TO stdout|LOCK TABLE [^]* IN ACCESS SHARE MODE)\b/i;
/** Ways in which a session could give itself the right to write. */
const WRITES =
  /read\s+write|read_only\s*(?:=|to|',)\s*'?(?:off|false|no|0)|session_replication_role|set\s+(?:session\s+authorization|role)/i;

/** Nothing but reads in sessions that could not write, and everything as it was. @param sessions fewest that must have been seen */
function expectOnlyRead({ sessions, before, after }: Watched, fewest: number): void {
  expect(after).toEqual(before);
  expect(sessions.length).toBeGreaterThanOrEqual(fewest);
  for (const { parameters, statements } of sessions) {
    expect(parameters).toMatchObject({
      options: expect.stringContaining('-c default_transaction_read_only=on'),
    });
    expect(statements.filter((sql) => !READS.test(sql.trim()) || WRITES.test(sql))).toEqual([]);
  }
}

interface Case {
  readonly what: string;
  readonly file: string;
  readonly more?: readonly string[];
  readonly code: number;
  readonly says: RegExp;
  /** It is refused before anybody is asked. */
  readonly unasked?: true;
}

const CASES: readonly Case[] = [
  { what: 'SQL that does not parse', file: 'unread.sql', code: 64, says: /syntax error/, unasked: true },
  {
    what: 'a file for the way back that is not there',
    file: 'good.sql',
    more: ['--down', 'none.sql'],
    code: 64,
    says: /none\.sql/,
    unasked: true,
  },
  { what: 'a migration that is not there', file: 'none.sql', code: 64, says: /none\.sql/, unasked: true },
  { what: 'an extension that is not there', file: 'extended.sql', code: 3, says: /not_there/ },
  { what: 'a migration that fails midway', file: 'failing.sql', code: 1, says: /"none" does not exist/ },
  { what: 'a migration that drops everything', file: 'destroying.sql', code: 1, says: /exit 1 \(fail\)/ },
];

describe.each(['--copy-from', '--like'] as const)(
  'a database that is named by %s is only read',
  (way: Way) => {
    test.each(CASES)('by $what', { timeout: 120_000 }, async ({ file, more = [], code, says, unasked }) => {
      const watched = await source.during(async () => {
        const ended = await program.run('guard', file, ...WAYS[way](source.url), ...more, ...QUICK);
        expect([ended.code, ended.err + ended.out]).toEqual([code, expect.stringMatching(says)]);
      });
      expectOnlyRead(watched, unasked ? 0 : 1);
      expect(watched.sessions.length > 0).toBe(unasked !== true);
    });

    test('and not asked again where the password is wrong', { timeout: 120_000 }, async () => {
      const { user, host, port, database } = source.given;
      const url = `postgres://${user}:not-this@${host}:${port}/${database}`;
      const watched = await source.during(async () => {
        const ended = await program.run('guard', 'good.sql', ...WAYS[way](url), ...QUICK);
        expect([ended.code, ended.err]).toEqual([3, expect.stringMatching(/password/)]);
      });
      expectOnlyRead(watched, 1);
      expect(watched.sessions.flatMap(({ statements }) => statements)).toEqual([]);
    });

    test('and not found by another way where nobody answers', { timeout: 120_000 }, async () => {
      const { user, password, host, database } = source.given;
      const url = `postgres://${user}:${password}@${host}:${await getPort()}/${database}`;
      const watched = await source.during(async () => {
        const ended = await program.run('guard', 'good.sql', ...WAYS[way](url), ...QUICK);
        expect(ended.code).toBe(3);
      });
      expectOnlyRead(watched, 0);
      expect(watched.sessions).toEqual([]);
    });

    test('although the environment names it as the place of the migration', {
      timeout: 120_000,
    }, async () => {
      const { user, password, host, port, database } = source.given;
      const env = {
        PGHOST: host,
        PGPORT: String(port),
        PGUSER: user,
        PGPASSWORD: password,
        PGDATABASE: database,
        DATABASE_URL: source.url,
      };
      const watched = await source.during(async () => {
        const args = ['guard', 'destroying.sql', ...WAYS[way](source.url), ...QUICK];
        expect((await program.runIn(env, ...args)).code).toBe(1);
      });
      expectOnlyRead(watched, 1);
    });

    test.each(['SIGINT', 'SIGKILL'] as const)(
      'when %s meets it midway',
      { timeout: 120_000 },
      async (signal) => {
        const [given, bytes] =
          way === '--copy-from'
            ? [WAYS[way](source.url, 'bulk'), IN_THE_MIDDLE_BYTES]
            : [WAYS[way](source.url), FIRST_ANSWERS_BYTES];
        const watched = await source.during(async () => {
          const stalled = source.proxy.stallAfter(bytes);
          await using child = startChild([process.execPath, MAIN, 'guard', 'good.sql', ...given, ...QUICK], {
            cwd: program.folder,
            env: { XDG_STATE_HOME: join(program.folder, 'state') },
          });
          child.stderr.resume();
          child.stdout.resume();
          await Promise.race([stalled, child.exited]);
          const midway = await source.now();
          child.kill(signal);
          const ended = await child.exited;
          // A program that it has started and could not end learns from what still comes that nobody listens.
          source.proxy.flow();
          expect(midway.sessions).toBeGreaterThan(0);
          expect(midway.locked).toEqual(way === '--copy-from' ? ['bulk.events'] : []);
          expect(ended).toMatchObject(signal === 'SIGINT' ? { exit_code: 130 } : { signal });
        });
        expectOnlyRead(watched, 1);
      },
    );
  },
);
