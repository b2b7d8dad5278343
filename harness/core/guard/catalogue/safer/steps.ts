/** Parts that many safer ways are made of. */

/** How the same end is reached without the harm. */
export interface SaferWay {
  readonly text: string;
  readonly sql: string;
}

/** Rows of a batch: at a few thousand a transaction is over within tens of milliseconds. */
const BATCH_ROWS = 5000;

/** What a statement with a strong lock is preceded by: it gives up before users notice, and is run again. */
export const LOCK_TIMEOUT = "SET lock_timeout = '2s';";

/** Statements that come one after the other, each a transaction of its own. */
export function steps(...parts: readonly string[]): string {
  return `${parts.join('\n')}\n`;
}

/** Rows that are still to be changed, a batch at a time, whatever the key is called. */
export function inBatches(table: string, sets: string, due: string): string {
  return [
    '-- Again and again, each run a transaction of its own, until it updates 0 rows:',
    `UPDATE ${table} SET ${sets}`,
    `WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${due} LIMIT ${BATCH_ROWS} FOR UPDATE));`,
  ].join('\n');
}

/** NOT NULL without a scan under a strong lock. */
export function notNullSteps(table: string, column: string, check: string): string {
  return [
    `ALTER TABLE ${table} ADD CONSTRAINT ${check} CHECK (${column} IS NOT NULL) NOT VALID;`,
    `ALTER TABLE ${table} VALIDATE CONSTRAINT ${check};`,
    '-- The server believes the constraint and scans nothing:',
    `ALTER TABLE ${table} ALTER COLUMN ${column} SET NOT NULL;`,
    `ALTER TABLE ${table} DROP CONSTRAINT ${check};`,
  ].join('\n');
}

/** A trigger before each row that is written. */
export function rowTrigger(table: string, name: string, body: readonly string[]): string {
  return [
    `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$`,
    'BEGIN',
    ...body.map((line) => `  ${line}`),
    '  RETURN NEW;',
    'END $$;',
    `CREATE TRIGGER ${name} BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${name}();`,
  ].join('\n');
}

export function dropTrigger(table: string, name: string): string {
  return `DROP TRIGGER ${name} ON ${table};\nDROP FUNCTION ${name}();`;
}
