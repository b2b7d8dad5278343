/** The SQL of a migration out of all that pgroll sent for it. */
import type { Node } from 'libpg-query';
import { UnfitError } from '#harness/core/errors.ts';
import type { LoggedStatement } from '../server/statement-log.ts';
import { parseSql, readSql } from '../sql/read.ts';
import type { SqlFile } from './types.ts';

/** A query that changes rows on its way: rows are filled in by one. */
function changesRows(node: Node): boolean {
  if (!('SelectStmt' in node)) return true;
  return (node.SelectStmt.withClause?.ctes ?? []).some((cte) => {
    const query = 'CommonTableExpr' in cte ? cte.CommonTableExpr.ctequery : undefined;
    return query !== undefined && !('SelectStmt' in query);
  });
}

/** Looking around and settings of its own session are no part of a migration. */
function belongs(node: Node): boolean {
  return changesRows(node) && !('VariableSetStmt' in node) && !('VariableShowStmt' in node);
}

const CONTROL = /^(?<word>BEGIN|COMMIT|ROLLBACK)\b[^;]*$/i;

function controlWord(sql: string): string | undefined {
  return CONTROL.exec(sql.trim())?.groups?.['word']?.toUpperCase();
}

/**
 * Transactions with something in them, each ended by a COMMIT: a batch of rows that finds none, as on an empty database it
 * must, is rolled back, and on one with rows it is not.
 */
function wholeTransactions(statements: readonly string[]): readonly string[] {
  const whole: string[] = [];
  for (const sql of statements) {
    const word = controlWord(sql);
    if (word !== 'COMMIT' && word !== 'ROLLBACK') whole.push(sql);
    else if (controlWord(whole.at(-1) ?? '') === 'BEGIN') whole.pop();
    else whole.push('COMMIT');
  }
  return whole;
}

/**
 * What changes the database among all that was sent, as a text of SQL.
 * @param path for positions
 * @throws UnfitError where such a statement has parameters, whose values are not known
 */
export async function migrationSql(path: string, sent: readonly LoggedStatement[]): Promise<SqlFile> {
  const kept: string[] = [];
  for (const { sql, has_parameters } of sent) {
    const { statements } = await parseSql(path, sql);
    if (!statements.some(({ node }) => belongs(node))) continue;
    if (has_parameters) throw new UnfitError(`pgroll sends a statement with parameters for ${path}: ${sql}`);
    kept.push(sql.trim().replace(/;$/, ''));
  }
  return await readSql(
    path,
    wholeTransactions(kept)
      .map((sql) => `${sql};\n`)
      .join(''),
  );
}
