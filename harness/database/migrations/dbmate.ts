import { UsageError } from '#harness/core/errors.ts';
import { readSql } from '../sql/read.ts';
import { type Adapter, downPart, inFolder, refuseDuplicates, runsAsWhole } from './adapter.ts';
import { readSqlText } from './files.ts';
import { firstLineOutside, type Section, sectionsOf } from './sections.ts';
import type { Migration, SqlFile } from './types.ts';

const FILE = /^(\d+).*\.sql$/;
export const DBMATE_MARKER = /^--\s*migrate:(up|down)\b(.*)$/;

function versionOf(name: string): string {
  return /^\d+/.exec(name)?.[0] ?? '';
}

function checkOrder(path: string, text: string, sections: readonly Section[]): Section {
  const [up, ...others] = sections;
  if (up?.direction !== 'up') {
    throw new UsageError(
      up === undefined
        ? 'no part of it begins with `-- migrate:up`'
        : '`-- migrate:down` stands before `-- migrate:up`',
      {
        position: { file: path, line: (up?.line ?? 0) + 1, column: 1 },
        next: 'begin the file with `-- migrate:up`',
      },
    );
  }
  const outside = firstLineOutside(text, [up, ...others]);
  if (outside !== -1) {
    throw new UsageError('a statement before `-- migrate:up`: dbmate refuses it', {
      position: { file: path, line: outside + 1, column: 1 },
    });
  }
  return up;
}

/**
 * Without a transaction of its own a part is sent to the server as a whole, which makes one of several statements.
 * Source: dbmate, issues 126 and 182.
 */
function runsInTransaction(part: Section, file: SqlFile): boolean {
  return !/\btransaction:false\b/.test(part.options) || runsAsWhole(file);
}

/**
 * One file as dbmate reads it.
 *
 * @throws UsageError when it cannot be read, does not parse or has no part for up
 */
export async function readDbmateFile(path: string, name: string): Promise<Migration> {
  const text = await readSqlText(path);
  const sections = sectionsOf(path, text, DBMATE_MARKER);
  const up = checkOrder(path, text, sections);
  const down = sections.find(({ direction }) => direction === 'down');
  const [up_file, down_file] = [await readSql(path, up.text), await readSql(path, down?.text ?? '')];
  return {
    name,
    tool: 'dbmate',
    up: up_file,
    ...(down === undefined ? {} : downPart(down_file, runsInTransaction(down, down_file))),
    in_transaction: runsInTransaction(up, up_file),
  };
}

/** One file each, `20240101120000_name.sql`, with two parts. Source: dbmate, README and `pkg/dbmate/migration.go`. */
export const dbmate: Adapter = {
  tool: 'dbmate',
  naming: '20240101120000_name.sql with `-- migrate:up` and `-- migrate:down`',
  // Other tools name their files in the same way: the comments tell, and they are looked at where names are not enough.
  recognises: ({ files }) => files.some((name) => FILE.test(name) && !/\.(up|down)\.sql$/.test(name)),
  read: async (folder) => {
    const migrations = await Promise.all(
      folder.files
        .filter((name) => FILE.test(name))
        .map((name) => readDbmateFile(inFolder(folder, name), name.replace(/\.sql$/, ''))),
    );
    refuseDuplicates(migrations, ({ name }) => versionOf(name));
    return migrations;
  },
};
