import { describe, expect, test } from 'vitest';
import { redactSql } from './redact-sql.ts';

describe('redactSql', () => {
  test.each([
    ["CREATE ROLE app LOGIN PASSWORD 'planted'"],
    ["ALTER ROLE app WITH ENCRYPTED PASSWORD E'it''s planted'"],
    ['ALTER ROLE app PASSWORD $$planted$$'],
    ['ALTER ROLE app PASSWORD $x$planted$x$'],
    ["CREATE SUBSCRIPTION s CONNECTION 'host=db password=planted' PUBLICATION p"],
    ["SELECT dblink('postgres://app:planted@db/shop', 'SELECT 1')"],
    ["CREATE USER MAPPING FOR app SERVER s OPTIONS (user 'app', password 'planted')"],
  ])('%s', (sql) => {
    expect(redactSql(sql)).not.toContain('planted');
  });

  test.each([
    ['ALTER TABLE users ADD COLUMN password text NOT NULL'],
    ["ALTER TABLE users ADD COLUMN name text DEFAULT 'none'"],
    ['ALTER TABLE users DROP COLUMN password'],
  ])('%s stays', (sql) => {
    expect(redactSql(sql)).toBe(sql);
  });
});
