/**
 * Measures the migration guard on this machine: how long a verdict takes at 10,000 and at a million rows, what the harness
 * itself needs of memory, how far a history of migrations gets, and what it says of a linter's own examples. The real program is
 * run, as a person runs it.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryRun } from '#harness/process/run.ts';
import { ROOT } from '#harness/run/catalogue.ts';

/** Budgets of the README. */
const BUDGET = { small_s: 5, million_s: 30, history_s: 600, memory_mib: 300 } as const;
const DEADLINE_S = 3600;

export interface GuardRow {
  readonly what: string;
  readonly budget: string;
  readonly measured: string;
  readonly kept: boolean;
}

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

interface Ran {
  readonly seconds: number;
  readonly exit_code: number | null;
  readonly memory_mib: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the guard, and reads from the kernel what the program itself needed at most; its server is not in that. */
async function guard(folder: string, args: readonly string[]): Promise<Ran> {
  const peak = join(folder, 'peak');
  // Loaded before the program, and asked when it ends.
  const probe = join(folder, 'probe.mjs');
  writeFileSync(
    probe,
    `import { readFileSync, writeFileSync } from 'node:fs';
const status = () => readFileSync('/proc/self/status', 'utf8');
process.on('exit', () => writeFileSync(${JSON.stringify(peak)}, /VmHWM:\\s+(\\d+) kB/.exec(status())?.[1] ?? ''));\n`,
  );
  const from = performance.now();
  const main = join(ROOT, 'harness', 'cli', 'main.ts');
  const result = await tryRun([process.execPath, '--import', probe, main, 'guard', ...args], {
    cwd: folder,
    timeout_s: DEADLINE_S,
  });
  return {
    seconds: (performance.now() - from) / 1000,
    exit_code: result.exit_code,
    memory_mib: Number(readFileSync(peak, 'utf8')) / 1024,
    out: result.stdout,
    err: result.stderr,
  };
}

function row(what: string, value: number, unit: string, budget: number): GuardRow {
  return {
    what,
    budget: `<= ${budget} ${unit}`,
    measured: `${value.toFixed(1)} ${unit}`,
    kept: value <= budget,
  };
}

/** One migration at a number of rows, with both releases at work. */
async function oneMigration(
  folder: string,
  {
    rows,
    budget_s,
    more,
  }: { readonly rows: string; readonly budget_s: number; readonly more: readonly string[] },
): Promise<readonly GuardRow[]> {
  const releases = ['--old', 'release.sql', '--new', 'release.sql', '--rate', '300'];
  const given = [
    'up.sql',
    '--down',
    'down.sql',
    '--schema',
    'schema.sql',
    '--rows',
    rows,
    '--out-dir',
    'out',
  ];
  const ran = await guard(folder, [...given, ...releases, ...more]);
  const last = ran.err.trim().split('\n').at(-1) ?? '';
  return [
    row(
      `${rows} rows, both releases at 300/s, ${more.join(' ')}: verdict (${last})`,
      ran.seconds,
      's',
      budget_s,
    ),
    row(`${rows} rows: memory of the harness`, ran.memory_mib, 'MiB', BUDGET.memory_mib),
  ];
}

/** Folders with migrations below a folder, as the guard can read them: `migrations` first. */
function historiesIn(corpus: string): readonly string[] {
  const named = readdirSync(corpus, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(^|\/)migrations$/.test(path) && !path.includes('node_modules'))
    .map((path) => join(corpus, path))
    .filter((path) => statSync(path).isDirectory());
  return named.length > 0 ? named : [corpus];
}

interface Judged {
  readonly outcome: string;
  readonly migrations: readonly unknown[];
  readonly checks: readonly {
    readonly outcome: string;
    readonly check: string;
    readonly migration: string;
  }[];
  readonly lint: readonly { readonly stance: string }[];
}

function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): string {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return [...counts]
    .toSorted(([, left], [, right]) => right - left)
    .map(([key, count]) => `${count} ${key}`)
    .join(', ');
}

/** A whole history, each migration on what the ones before it left, with rows made up for every new table. */
async function history(folder: string, corpus: string, rows: string): Promise<readonly GuardRow[]> {
  const found: GuardRow[] = [];
  for (const migrations of historiesIn(corpus)) {
    const ran = await guard(folder, [
      migrations,
      '--rows',
      rows,
      '--fast',
      '--format',
      'json',
      '--out-dir',
      'out',
    ]);
    const last = ran.err.trim().split('\n').at(-1) ?? '';
    if (ran.out === '') {
      found.push({ what: `${migrations}: ${last}`, budget: 'a verdict', measured: 'none', kept: false });
      continue;
    }
    const verdict: Judged = JSON.parse(ran.out);
    const failing = verdict.checks.filter(({ outcome }) => outcome === 'fail');
    const tried = verdict.checks.filter(
      ({ check, outcome }) => check === 'runs-on-data' && outcome === 'pass',
    );
    process.stdout.write(
      `${migrations}\n  ${tried.length} of ${verdict.migrations.length} migrations applied\n  failing: ${countBy(failing, ({ check }) => check)}\n  linter: ${countBy(verdict.lint, ({ stance }) => stance)}\n`,
    );
    found.push(
      row(
        `${verdict.migrations.length} migrations, ${rows} rows each (${last.slice(0, 60)})`,
        ran.seconds,
        's',
        BUDGET.history_s,
      ),
      row('the same: memory of the harness', ran.memory_mib, 'MiB', BUDGET.memory_mib),
    );
  }
  return found;
}

/**
 * @param corpus folder with a history of migrations, brought beside the project; none when absent
 * @param only `small`, `million` or `history`; all when absent
 */
export async function benchGuard(options: {
  readonly corpus: string | undefined;
  readonly only: string | undefined;
}): Promise<readonly GuardRow[]> {
  const { corpus, only } = options;
  const folder = mkdtempSync(join(tmpdir(), 'mettle-bench-guard-'));
  const wanted = (name: string): boolean => only === undefined || only === name;
  try {
    writeFileSync(join(folder, 'schema.sql'), SCHEMA);
    writeFileSync(join(folder, 'release.sql'), RELEASE);
    writeFileSync(
      join(folder, 'up.sql'),
      "ALTER TABLE users ADD COLUMN status text NOT NULL DEFAULT 'new';\n",
    );
    writeFileSync(join(folder, 'down.sql'), 'ALTER TABLE users DROP COLUMN status;\n');
    const rows: GuardRow[] = [];
    if (wanted('small')) {
      rows.push(...(await oneMigration(folder, { rows: '10k', budget_s: BUDGET.small_s, more: ['--fast'] })));
    }
    if (wanted('million')) {
      rows.push(
        ...(await oneMigration(folder, { rows: '1M', budget_s: BUDGET.million_s, more: ['--fast'] })),
      );
    }
    if (corpus !== undefined && wanted('history')) rows.push(...(await history(folder, corpus, '200')));
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
