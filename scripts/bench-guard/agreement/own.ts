/**
 * Our own examples of the classes that destroy rows or values, each with one that looks alike and destroys nothing: the corpora
 * of linters have few of them, because to a linter both look the same.
 */
import type { LabelledCase } from './case.ts';

const SCHEMA = `
CREATE TYPE state AS ENUM ('new', 'open', 'done', 'void');
CREATE TABLE customers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name varchar(80) NOT NULL,
  points int NOT NULL,
  credit numeric(12, 4) NOT NULL,
  state state NOT NULL,
  seen timestamptz NOT NULL
);
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
  total numeric(10, 2) NOT NULL
);
CREATE SCHEMA archive;
CREATE TABLE archive.orders (id bigint PRIMARY KEY, total numeric(10, 2) NOT NULL);
`;

const ABOUT = ['rows-kept', 'values-kept', 'runs-on-data'] as const;

/** Between two migrations of one example. */
const NEXT = ';\n-- next\n';

type Made = readonly [name: string, sql: string];

/** The server says nothing, and rows or values are gone. */
const SILENT: readonly Made[] = [
  [
    'type narrowed by an explicit cast',
    'ALTER TABLE customers ALTER name TYPE varchar(16) USING name::varchar(16)',
  ],
  ['type narrowed by left()', 'ALTER TABLE customers ALTER name TYPE varchar(16) USING left(name, 16)'],
  [
    'type narrowed by substring()',
    'ALTER TABLE customers ALTER name TYPE text USING substring(name FROM 1 FOR 10)',
  ],
  ['digits after the point rounded away', 'ALTER TABLE customers ALTER credit TYPE numeric(12, 2)'],
  ['number made whole', 'ALTER TABLE customers ALTER credit TYPE bigint'],
  ['number made floating', 'ALTER TABLE customers ALTER credit TYPE real'],
  [
    'number cut to its range',
    'ALTER TABLE customers ALTER points TYPE smallint USING least(points, 32767)::smallint',
  ],
  ['time of day taken away', 'ALTER TABLE customers ALTER seen TYPE date'],
  ['fractions of a second taken away', 'ALTER TABLE customers ALTER seen TYPE timestamptz(0)'],
  [
    'two states made one',
    "CREATE TYPE state_new AS ENUM ('new', 'open', 'done'); ALTER TABLE customers ALTER state TYPE state_new USING (CASE state WHEN 'void' THEN 'done' ELSE state::text END)::state_new",
  ],
  ['text made a truth', "ALTER TABLE customers ALTER name TYPE boolean USING (name <> '')"],
  ['values overwritten', 'UPDATE customers SET points = 40000 WHERE id % 7 = 0'],
  [
    'values emptied',
    'ALTER TABLE customers ALTER name DROP NOT NULL; UPDATE customers SET name = NULL WHERE id % 100 = 3',
  ],
  [
    'one value of all changed',
    'UPDATE customers SET points = points + 1 WHERE id = (SELECT max(id) FROM customers)',
  ],
  ['one row of all deleted', 'DELETE FROM orders WHERE id = (SELECT max(id) FROM orders)'],
  ['rows deleted with those they refer to', 'DELETE FROM customers WHERE id % 5 = 0'],
  [
    'backfill that forgets rows',
    'ALTER TABLE customers ADD full_name text; UPDATE customers SET full_name = name WHERE id % 50 <> 0; ALTER TABLE customers DROP name',
  ],
];

/** Plain destruction. */
const SAID: readonly Made[] = [
  ['full table dropped', 'DROP TABLE orders'],
  ['full table dropped with what depends on it', 'DROP TABLE customers CASCADE'],
  ['full column dropped', 'ALTER TABLE customers DROP COLUMN points'],
  ['column dropped with its type', 'DROP TYPE state CASCADE'],
  ['schema dropped', 'DROP SCHEMA archive CASCADE'],
  ['table emptied', 'TRUNCATE orders'],
  ['table emptied with those that refer to it', 'TRUNCATE customers CASCADE'],
  [
    'column dropped and made again',
    'ALTER TABLE customers DROP COLUMN points; ALTER TABLE customers ADD COLUMN points int NOT NULL DEFAULT 50000',
  ],
];

/** The server refuses: it fails safe. */
const REFUSED: readonly Made[] = [
  ['type narrowed below its values', 'ALTER TABLE customers ALTER name TYPE varchar(16)'],
  ['digits before the point taken away', 'ALTER TABLE customers ALTER credit TYPE numeric(6, 4)'],
  ['number out of its new range', 'ALTER TABLE customers ALTER points TYPE smallint'],
  ['text that is no number', 'ALTER TABLE customers ALTER name TYPE int USING name::int'],
  ['text that is no member of a list', 'ALTER TABLE customers ALTER name TYPE state USING name::state'],
  [
    'list without a value that is used',
    "CREATE TYPE state_new AS ENUM ('new', 'open', 'done'); ALTER TABLE customers ALTER state TYPE state_new USING state::text::state_new",
  ],
];

/** Nothing is lost, however much it looks like it. */
const HARMLESS: readonly Made[] = [
  ['text widened', 'ALTER TABLE customers ALTER name TYPE varchar(160)'],
  ['limit of a text taken away', 'ALTER TABLE customers ALTER name TYPE text'],
  ['type narrowed above its values', 'ALTER TABLE orders ALTER total TYPE numeric(12, 2)'],
  ['cast that cuts nothing', 'ALTER TABLE customers ALTER name TYPE varchar(80) USING name::varchar(80)'],
  ['number widened', 'ALTER TABLE customers ALTER points TYPE bigint'],
  [
    'empty column dropped',
    `ALTER TABLE customers ADD COLUMN spare text${NEXT}ALTER TABLE customers DROP COLUMN spare`,
  ],
  ['table dropped that it made', 'CREATE TABLE scratch (id int); DROP TABLE scratch'],
  ['table renamed', 'ALTER TABLE orders RENAME TO purchases'],
  ['column renamed', 'ALTER TABLE customers RENAME points TO score'],
  [
    'column copied, then dropped',
    'ALTER TABLE customers ADD full_name text; UPDATE customers SET full_name = name; ALTER TABLE customers DROP name',
  ],
  [
    'rows moved to another table',
    'CREATE TABLE orders_old AS SELECT * FROM orders WHERE id % 3 = 0; ALTER TABLE orders_old ADD PRIMARY KEY (id); DELETE FROM orders WHERE id % 3 = 0',
  ],
  [
    'values kept in a type of their own',
    "CREATE TYPE state_new AS ENUM ('new', 'open', 'done', 'void', 'lost'); ALTER TABLE customers ALTER state TYPE state_new USING state::text::state_new",
  ],
  ['constant default', "ALTER TABLE customers ADD COLUMN tier text NOT NULL DEFAULT 'basic'"],
  ['nothing deleted', 'DELETE FROM orders WHERE total < -1'],
];

function made(
  label: LabelledCase['label'],
  all: readonly Made[],
  lossy?: NonNullable<LabelledCase['lossy']>,
): readonly LabelledCase[] {
  return all.map(([name, sql]) => ({
    name,
    rule: 'loss of rows or values',
    label,
    about: label === 'bad' ? ABOUT : ['rows-kept', 'values-kept'],
    ...(lossy === undefined ? {} : { lossy }),
    schema: SCHEMA,
    migrations: sql.split(NEXT).map((one) => `${one};\n`),
  }));
}

export function ownCases(): readonly LabelledCase[] {
  return [
    ...made('bad', SILENT, 'silent'),
    ...made('bad', SAID, 'said'),
    ...made('bad', REFUSED, 'said'),
    ...made('good', HARMLESS),
  ];
}
