/** Rows that an example takes for granted: without NULLs where it forbids them, without duplicates where it makes values unique. */
import type { GuardFacts } from '#harness/core/guard/facts.ts';

/** How rows are made to fit: a constraint while they are made up, which is gone before the example begins. */
export interface Fit {
  readonly add: string;
  readonly drop: string;
}

const NAME = 'made_to_fit';

function notNull(table: string, column: string): Fit {
  return {
    add: `ALTER TABLE ${table} ADD CONSTRAINT ${NAME} CHECK (${column} IS NOT NULL);`,
    drop: `ALTER TABLE ${table} DROP CONSTRAINT ${NAME};`,
  };
}

/** From what the server said of the rows that did not fit; undefined where that does not tell a table and a column. */
export function fitFor({ migrations }: GuardFacts): Fit | undefined {
  for (const { alone, statements } of migrations) {
    const { refusal } = alone ?? {};
    const statement = statements.find(({ index }) => index === refusal?.index);
    const [table] = statement?.relations ?? [];
    if (refusal === undefined || statement === undefined || table === undefined) continue;
    const { code, message, detail = '' } = refusal;
    const duplicated = /^Key \((?<columns>[^)]+)\) is duplicated/.exec(detail)?.groups?.['columns'];
    if (code === '23505' && duplicated !== undefined) {
      return {
        add: `ALTER TABLE ${table} ADD CONSTRAINT ${NAME} UNIQUE (${duplicated});`,
        drop: `ALTER TABLE ${table} DROP CONSTRAINT ${NAME};`,
      };
    }
    const empty = /^column "(?<column>[^"]+)" of relation/.exec(message)?.groups?.['column'];
    if (code === '23502' && empty !== undefined) return notNull(table, `"${empty}"`);
    const all = migrations
      .flatMap((one) => one.statements)
      .map(({ text }) => text)
      .join(';\n');
    const checked = /\((?<column>"?\w+"?) is not null\)/i.exec(all)?.groups?.['column'];
    if (code === '23514' && checked !== undefined) return notNull(table, checked);
  }
  return undefined;
}
