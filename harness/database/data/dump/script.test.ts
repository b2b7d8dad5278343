import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSql } from '../../sql/read.ts';
import { readScript } from './script.ts';

interface Read {
  readonly kind: string;
  readonly text: string;
  readonly line: number;
  readonly data?: string;
}

/** The parts of a script that comes in pieces of this many bytes. */
async function partsOf(text: string, piece_bytes: number): Promise<readonly Read[]> {
  const bytes = Buffer.from(text);
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += piece_bytes) yield bytes.subarray(at, at + piece_bytes);
  }
  const parts: Read[] = [];
  for await (const part of readScript(pieces(), 'dump.sql')) {
    if (part.kind !== 'copy') {
      parts.push({ kind: part.kind, text: part.text, line: part.line });
      continue;
    }
    const read: Buffer[] = [];
    for await (const chunk of part.data) read.push(Buffer.from(chunk));
    parts.push({ kind: 'copy', text: part.text, line: part.line, data: Buffer.concat(read).toString() });
  }
  return parts;
}

/** Without what may stand after a statement. */
function bare(text: string): string {
  return text.replace('-- four;', '').replace(/[\s;]+$/, '');
}

const TRICKY = [
  `SELECT 'a;b', "c;d", E'e\\';f', $$g;h$$, $x$i$$;j$x$;`,
  '/* one; /* two; */ three; */ SELECT 1 -- four;\n;',
  `CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;`,
  `CREATE OR REPLACE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN NULL; END; $$;`,
  'CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM u; DELETE FROM v);',
  `SELECT 'żółć 日本 🙂', 1-2, 3/4, 5 - -6, $1;`,
  'SELECT begin_at, "end" FROM t;',
  `SELECT 'it''s', U&'\\0041', B'01', e'', '' ;`,
  'SELECT a$b$c FROM t;',
] as const;

const SIZES = fc.integer({ min: 1, max: 70 });

describe('statements of a script', () => {
  test('stand after a byte order mark, which is skipped at the beginning alone', async () => {
    await fc.assert(
      fc.asyncProperty(SIZES, async (size) => {
        const parts = await partsOf("\u{FEFF}SELECT '\u{FEFF}';\n\\c\n", size);
        expect(parts.map(({ text }) => text)).toEqual(["SELECT '\u{FEFF}';", '\\c\n']);
        expect(await partsOf('\u{FEFF}', size)).toEqual([]);
        expect(await partsOf(';', size)).toHaveLength(1);
      }),
    );
  });

  test('are those that the parser of the server finds, however they come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...TRICKY), { minLength: 1, maxLength: 6 }),
        SIZES,
        async (some, size) => {
          const text = some.join('\n');
          const { statements } = await parseSql('dump.sql', text);
          const parts = await partsOf(text, size);
          expect(parts.map((part) => bare(part.text))).toEqual(
            statements.map(({ statement }) => bare(statement.text)),
          );
          expect(parts.map(({ line }) => line)).toEqual(
            statements.map(({ statement }) => statement.position.line),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test('end with the script, with or without a semicolon', async () => {
    expect(await partsOf('SELECT 1;\nSELECT 2', 4)).toHaveLength(2);
    expect(await partsOf('SELECT 1; -- no more\n', 4)).toHaveLength(1);
    expect(await partsOf('', 4)).toEqual([]);
  });

  test('that lost the end of a quotation go on to the end of the script', async () => {
    expect(await partsOf(`SELECT 1;\nSELECT 'lost;\nSELECT 2;\n`, 5)).toEqual([
      { kind: 'statement', text: 'SELECT 1;', line: 1 },
      { kind: 'statement', text: `SELECT 'lost;\nSELECT 2;\n`, line: 2 },
    ]);
  });

  test('commands of psql stand on a line of their own', async () => {
    expect(await partsOf('\\restrict abc;\nSELECT 1;\n\\unrestrict abc', 3)).toEqual([
      { kind: 'command', text: '\\restrict abc;\n', line: 1 },
      { kind: 'statement', text: 'SELECT 1;', line: 2 },
      { kind: 'command', text: '\\unrestrict abc', line: 3 },
    ]);
  });
});

describe('the data of a copy', () => {
  test('is what stands between the statement and its end, byte by byte', async () => {
    const row = fc.string({
      maxLength: 30,
      unit: fc.constantFrom('a', '\t', '\\\\', '\\.', '.', ';', "'", 'ż', '🙂', '\\N', '\r'),
    });
    // A row of its own that would be the end cannot be written by COPY.
    const rows = fc.array(
      row.filter((one) => !/^\\\.\r?$/.test(one)),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(rows, rows, SIZES, async (first, second, size) => {
        const [one, two] = [first, second].map((some) => some.map((line) => `${line}\n`).join(''));
        const text = `SET x = 1;\nCOPY public.a (b, "c;") FROM stdin;\n${one}\\.\n\n--\n\nCOPY d FROM stdin;\n${two}\\.\n\nSELECT 1;\n`;
        const lines = first.length;
        expect(await partsOf(text, size)).toEqual([
          { kind: 'statement', text: 'SET x = 1;', line: 1 },
          { kind: 'copy', text: 'COPY public.a (b, "c;") FROM stdin;', line: 2, data: one },
          { kind: 'copy', text: 'COPY d FROM stdin;', line: 7 + lines, data: two },
          { kind: 'statement', text: 'SELECT 1;', line: 10 + lines + second.length },
        ]);
      }),
      { numRuns: 200 },
    );
  });

  test('may end with the script, but must have an end', async () => {
    expect(await partsOf('COPY a FROM stdin;\n1\n\\.', 4)).toMatchObject([{ data: '1\n' }]);
    await expect(partsOf('COPY a FROM stdin;\n1\n2', 4)).rejects.toThrow(
      'dump.sql:3:1: the data of a copy has no end: the script is cut off',
    );
    await expect(partsOf('COPY a FROM stdin;', 4)).rejects.toThrow('has no end');
  });

  test('of a file is none', async () => {
    expect(await partsOf(`COPY a FROM '/tmp/stdin';`, 9)).toMatchObject([{ kind: 'statement' }]);
  });
});
