import { REDACTED, redactText } from '../redact.ts';

/** Passwords that statements themselves hold: `CREATE ROLE ... PASSWORD '...'`, also with a dollar-quoted text. */
const PASSWORD = /\b(PASSWORD|IDENTIFIED\s+BY)(\s+)(?:[EU]?&?'(?:[^']|'')*'|\$(\w*)\$[\s\S]*?\$\3\$)/gi;

/** SQL with everything removed that looks like a secret. */
export function redactSql(sql: string): string {
  return redactText(sql.replace(PASSWORD, `$1$2'${REDACTED}'`));
}
