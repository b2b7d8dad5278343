import { describe, expect, test } from 'vitest';
import { embedded } from '../../testing/embedded.ts';
import { openSession } from '../apply-session.ts';
import { schemaDifferences, schemaOf } from './schema.ts';

const MADE = `
CREATE TABLE users (id serial PRIMARY KEY);
CREATE TABLE orders (id int PRIMARY KEY, user_id int CONSTRAINT to_users REFERENCES users);
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE DOMAIN short AS text;
CREATE TYPE pair AS (a int, b text);
CREATE ROLE somebody;
`;

describe('what a way back may forget', { timeout: 60_000 }, () => {
  const made = embedded(MADE);

  test.each([
    ['nothing', 'SELECT 1', []],
    [
      'whose a sequence is',
      'ALTER SEQUENCE users_id_seq OWNED BY NONE',
      [
        /^sequence settings of public\.users_id_seq differs: .*OWNED BY public\.users\.id -> .*OWNED BY NONE$/,
      ],
    ],
    [
      'that a foreign key is not looked after, where its rows are written',
      'ALTER TABLE orders DISABLE TRIGGER ALL',
      [/^constraint public\.orders\.to_users differs: .*TRIGGERS public\.orders D, public\.orders D$/],
    ],
    [
      'that a foreign key is not looked after, where it points to',
      'ALTER TABLE users DISABLE TRIGGER ALL',
      [/^constraint public\.orders\.to_users differs: .*TRIGGERS public\.users D, public\.users D$/],
    ],
    [
      'what is granted to come',
      'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO somebody',
      [/^default privileges of \S+ in public on tables was not there: somebody=r/],
    ],
    [
      'whose a type is',
      'ALTER TYPE mood OWNER TO somebody',
      [/^type public\.mood differs: .*OWNER somebody/],
    ],
    [
      'who may use a type',
      'REVOKE USAGE ON TYPE short FROM public',
      [/^type public\.short differs: .*PRIVILEGES/],
    ],
    [
      'who may use a type of rows',
      'GRANT USAGE ON TYPE pair TO somebody',
      [/^privileges of type public\.pair differs: .*somebody=U/],
    ],
  ] as const)('%s', async (_what, change, lines) => {
    await using copy = await made.copy();
    await using session = await openSession(copy.address, 'test');
    const before = await schemaOf(session.client);
    await session.client.query(`SET search_path = public; ${change}`);
    const found = schemaDifferences(before, await schemaOf(session.client));
    expect(found).toEqual(lines.map((line) => expect.stringMatching(line)));
  });
});
