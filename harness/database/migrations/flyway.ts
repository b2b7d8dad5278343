import { basename } from 'node:path';
import { UsageError } from '#harness/core/errors.ts';
import {
  type Adapter,
  downPart,
  inFolder,
  type MigrationFolder,
  readSqlFile,
  refuseDuplicates,
} from './adapter.ts';
import { listFolder, readSqlText } from './files.ts';
import type { Migration, SqlFile } from './types.ts';

const VERSIONED = /^V(\d+(?:[._]\d+)*)__(.*)\.sql$/;
const UNDO = /^U(\d+(?:[._]\d+)*)__(.*)\.sql$/;
const BASELINE = /^B(\d+(?:[._]\d+)*)__(.*)\.sql$/;
const REPEATABLE = /^R__(.*)\.sql$/;
/** Files that Flyway runs at certain moments: no migrations. */
const CALLBACK = /^(before|after|create)[A-Z]\w*?(__.*)?\.sql$/;

/** `1_2` and `1.2.0` are one version: parts are numbers, and zeros at the end count nothing. */
export function flywayVersion(file: string): string {
  const parts = (/^[VUB](\d+(?:[._]\d+)*)__/.exec(basename(file))?.[1] ?? '0')
    .split(/[._]/)
    .map((part) => BigInt(part));
  while (parts.length > 1 && parts.at(-1) === 0n) parts.pop();
  return parts.join('.');
}

function compareVersions(left: string, right: string): number {
  const [a, b] = [left.split('.'), right.split('.')];
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = BigInt(a[at] ?? '0') - BigInt(b[at] ?? '0');
    if (difference !== 0n) return difference < 0n ? -1 : 1;
  }
  return 0;
}

/** Every file of the folder and of those in it: Flyway looks into all of them. */
async function filesBelow(folder: MigrationFolder): Promise<readonly string[]> {
  const inner = await Promise.all(
    folder.folders.map(async (name) => {
      const path = inFolder(folder, name);
      return filesBelow({ path, ...(await listFolder(path)) });
    }),
  );
  return [...folder.files.map((name) => inFolder(folder, name)), ...inner.flat()];
}

/**
 * Whether Flyway makes one transaction of a file. It knows statements that stand outside of one by their first words, and
 * looks into no code. Mixed with others they stay in it, where the server refuses them: Flyway refuses such a file too.
 */
export function isOneTransaction({ statements }: SqlFile): boolean {
  return (
    statements.length === 0 || !statements.every((one) => one.needs_no_transaction && one.kind !== 'DoStmt')
  );
}

/** What a file with settings beside a migration says, or what its statements need. */
async function runsInTransaction(file: string, all: readonly string[], up: SqlFile): Promise<boolean> {
  const settings = all.includes(`${file}.conf`) ? await readSqlText(`${file}.conf`) : '';
  const set = /^\s*executeInTransaction\s*=\s*(true|false)\s*$/m.exec(settings)?.[1];
  if (set !== undefined) return set === 'true';
  return isOneTransaction(up);
}

function refuseMisnamed(files: readonly string[]): void {
  const wrong = files.find((file) => {
    const name = basename(file);
    return (
      name.endsWith('.sql') &&
      ![VERSIONED, UNDO, BASELINE, REPEATABLE, CALLBACK].some((rule) => rule.test(name))
    );
  });
  if (wrong !== undefined) {
    throw new UsageError(
      `Flyway would pass ${wrong} over: it is named neither V1_2__name.sql nor R__name.sql nor U1_2__name.sql`,
      {
        next: 'name it by the rules of Flyway (two underscores after the version), or move it elsewhere',
      },
    );
  }
}

/**
 * `V1_2__name.sql` by version, then `R__name.sql` by name; `U1_2__name.sql` takes a version back. A baseline (`B1__`) is
 * read only where none of the versions that it stands for is there.
 * Source: Flyway documentation, "Migrations" and "Script config files".
 */
export const flyway: Adapter = {
  tool: 'flyway',
  naming: 'V1_2__name.sql, U1_2__name.sql, R__name.sql',
  recognises: ({ files }) =>
    files.some((name) => VERSIONED.test(name) || REPEATABLE.test(name) || BASELINE.test(name)),
  read: async (folder) => {
    const all = await filesBelow(folder);
    refuseMisnamed(all);
    const named = (rule: RegExp): readonly string[] => all.filter((file) => rule.test(basename(file)));
    const undo = new Map(named(UNDO).map((file) => [flywayVersion(file), file]));
    const versioned = named(VERSIONED);
    const baselines = named(BASELINE).filter(
      (file) => !versioned.some((other) => compareVersions(flywayVersion(other), flywayVersion(file)) <= 0),
    );
    const ordered = [
      ...[...versioned, ...baselines].toSorted((left, right) =>
        compareVersions(flywayVersion(left), flywayVersion(right)),
      ),
      ...named(REPEATABLE).toSorted((left, right) => (basename(left) < basename(right) ? -1 : 1)),
    ];
    const migrations = await Promise.all(
      ordered.map(async (file): Promise<Migration> => {
        const up = await readSqlFile(file);
        const back = REPEATABLE.test(basename(file)) ? undefined : undo.get(flywayVersion(file));
        const down = back === undefined ? undefined : await readSqlFile(back);
        return {
          name: basename(file, '.sql'),
          tool: 'flyway',
          up,
          ...(down === undefined ? {} : downPart(down, await runsInTransaction(back ?? '', all, down))),
          in_transaction: await runsInTransaction(file, all, up),
        };
      }),
    );
    refuseDuplicates(migrations, ({ name }) => (name.startsWith('R__') ? name : flywayVersion(`${name}__`)));
    return migrations;
  },
};
