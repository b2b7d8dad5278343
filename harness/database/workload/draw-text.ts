/** How a person writes the values of a parameter: `sample users.id`, `int 1..1000`. */
import { UsageError, type Position } from '#harness/core/errors.ts';
import { nearest } from '#harness/core/nearest.ts';
import { identifier } from '../ask.ts';
import type { Draw } from './types.ts';

const PART = String.raw`(?:"(?:[^"]|"")+"|[A-Za-z_]\w*)`;
const COLUMN = new RegExp(`^(?:(?<schema>${PART})\\.)?(?<table>${PART})\\.(?<column>${PART})$`);
const INT = /^-?\d+$/;
const INTS = /^(?<from>-?\d+)\.\.(?<to>-?\d+)$/;
const DECIMALS = /^(?<from>-?\d+(?:\.(?<few>\d+))?)\.\.(?<to>-?\d+(?:\.(?<many>\d+))?)$/;
const LENGTHS = /^(?<from>\d+)(?:\.\.(?<to>\d+))?$/;
/** Values between commas; one that holds a comma stands between single quotes. */
const VALUE = /\s*(?:'(?<quoted>(?:[^']|'')*)'|(?<plain>[^,']+?))\s*(?:,|$)/y;
/** Longest text that is drawn, in letters. */
const LETTERS_MAX = 1_000_000;

/** A name as the server reads it: in lower case unless it is quoted. */
function named(part: string): string {
  return identifier(part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part.toLowerCase());
}

/** `schema.table.column` or `table.column`, each part as SQL takes it. */
function columnIn(text: string): { readonly table: string; readonly column: string } | undefined {
  const found = COLUMN.exec(text)?.groups;
  if (!found) return undefined;
  const { schema, table = '', column = '' } = found;
  const prefix = schema === undefined ? '' : `${named(schema)}.`;
  return { table: `${prefix}${named(table)}`, column: named(column) };
}

function rangeIn(pattern: RegExp, text: string): { readonly from: number; readonly to: number } | undefined {
  const found = pattern.exec(text)?.groups;
  if (!found) return undefined;
  const from = Number(found['from']);
  const to = Number(found['to'] ?? found['from']);
  return from <= to && Number.isSafeInteger(Math.trunc(from)) && Number.isSafeInteger(Math.trunc(to))
    ? { from, to }
    : undefined;
}

function valuesIn(text: string): readonly string[] | undefined {
  const values: string[] = [];
  VALUE.lastIndex = 0;
  while (VALUE.lastIndex < text.length) {
    const found = VALUE.exec(text)?.groups;
    if (!found) return undefined;
    values.push(found['quoted']?.replaceAll("''", "'") ?? found['plain'] ?? '');
  }
  return values.length > 0 ? values : undefined;
}

/** A way of drawing: how it is written, and what its words mean; undefined where they mean nothing. */
interface Way {
  readonly written: string;
  readonly read: (rest: string) => Draw | undefined;
}

const bare =
  (draw: Draw) =>
  (rest: string): Draw | undefined =>
    rest === '' ? draw : undefined;

const WAYS: Readonly<Record<string, Way>> = {
  sample: {
    written: 'sample TABLE.COLUMN',
    read: (rest) => {
      const column = columnIn(rest);
      return column && { kind: 'sample', ...column };
    },
  },
  int: {
    written: 'int FROM..TO',
    read: (rest) => {
      const range = rangeIn(INTS, rest);
      return range && { kind: 'int', ...range };
    },
  },
  decimal: {
    written: 'decimal FROM..TO, for example decimal 0.01..99.99',
    read: (rest) => {
      const range = rangeIn(DECIMALS, rest);
      const { few = '', many = '' } = DECIMALS.exec(rest)?.groups ?? {};
      return range && { kind: 'decimal', ...range, digits: Math.max(few.length, many.length) };
    },
  },
  text: {
    written: 'text LETTERS or text FROM..TO',
    read: (rest) => {
      const range = rangeIn(LENGTHS, rest);
      return range && range.to <= LETTERS_MAX ? { kind: 'text', ...range } : undefined;
    },
  },
  uuid: { written: 'uuid', read: bare({ kind: 'uuid' }) },
  bool: { written: 'bool', read: bare({ kind: 'bool' }) },
  one: {
    written: "one of A, B, 'C, D'",
    read: (rest) => {
      const values = /^of\s/.test(rest) ? valuesIn(rest.slice(2).trim()) : undefined;
      return values && { kind: 'one_of', values };
    },
  },
  sequence: {
    written: 'sequence, sequence FROM or sequence TABLE.COLUMN',
    read: (rest) => {
      if (rest === '') return { kind: 'sequence', from: 0 };
      if (INT.test(rest)) return { kind: 'sequence', from: Number(rest) - 1 };
      const column = columnIn(rest);
      return column && { kind: 'sequence', from: 0, ...column };
    },
  },
};

/**
 * Reads how values are drawn.
 * @throws UsageError at the position, with what could be written there
 */
export function readDraw(text: string, position: Position): Draw {
  const [word = '', ...others] = text.trim().split(/\s+/);
  const way = WAYS[word];
  if (way === undefined) {
    const [near] = nearest(word, Object.keys(WAYS));
    const all = Object.values(WAYS)
      .map(({ written }) => `\`${written.split(/,| or /)[0]}\``)
      .join(', ');
    throw new UsageError(`a value cannot be drawn by \`${word}\``, {
      position,
      next: near === undefined ? `Write one of ${all}.` : `Did you mean \`${WAYS[near]?.written ?? near}\`?`,
    });
  }
  const draw = way.read(others.length === 0 ? '' : text.trim().slice(word.length).trim());
  if (draw === undefined) {
    throw new UsageError(`\`${text.trim()}\` says not how a value is drawn`, {
      position,
      next: `Write \`${way.written}\`.`,
    });
  }
  return draw;
}
