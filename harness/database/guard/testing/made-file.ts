import type { SqlFile, SqlStatement } from '../../migrations/types.ts';

const CONTROL = /^(BEGIN|COMMIT|ROLLBACK)\b/;

const KINDS = [
  ['SET ', 'VariableSetStmt'],
  ['CALL ', 'CallStmt'],
] as const;

/** A file of statements as the parser would tell them, for tests of what runs them. */
export function madeFile(...texts: readonly string[]): SqlFile {
  const statements = texts.map(
    (text, index): SqlStatement => ({
      index,
      text,
      position: { file: 'up.sql', line: index + 1, column: 1 },
      kind: KINDS.find(([word]) => text.startsWith(word))?.[1] ?? 'made for a test',
      relations: [],
      does: [],
      needs_no_transaction: text.includes('CONCURRENTLY'),
      transaction_control: CONTROL.test(text),
      repeatable: false,
    }),
  );
  return { path: 'up.sql', text: texts.map((text) => `${text};\n`).join(''), statements };
}
