/** Comments before a statement or a request of a workload that say how it is sent. */
import { UsageError, type Position } from '#harness/core/errors.ts';
import { nearest } from '#harness/core/nearest.ts';
import { readDraw } from './draw-text.ts';
import type { Parameter } from './types.ts';

/** A comment without its marks, and the place of its first character. */
export interface Comment {
  readonly text: string;
  readonly position: Position;
}

/** What the comments before one item say. */
export interface Directives {
  readonly name?: string;
  readonly weight?: number;
  readonly is_prepared?: boolean;
  readonly parameters: readonly Parameter[];
}

const KEYS = ['name', 'weight', 'prepare', 'param'] as const;
const PARAM = /^\s*param\s+(?<name>[A-Za-z_]\w*)\s*:\s*(?<how>.*)$/;
const PAIR = /(?<key>[A-Za-z]+)\s*:\s*(?<value>\S*)\s*/y;
const FIRST_WORD = /^\s*(?<word>[A-Za-z]+)(?:\s*:|\s+\w+\s*:)/;
const NAME = /^[A-Za-z_][\w.-]*$/;
const PREPARE: Readonly<Record<string, boolean>> = { yes: true, no: false };

function moved({ file, line, column }: Position, by: number): Position {
  return { file, line, column: column + by };
}

/** Whether a comment is meant to say something to Mettle; a mistyped word of its own is an error, any other is a remark. */
function isDirective({ text, position }: Comment): boolean {
  const word = FIRST_WORD.exec(text)?.groups?.['word'];
  if (word === undefined) return false;
  if (KEYS.some((key) => key === word)) return true;
  const [near] = nearest(word, KEYS);
  if (near === undefined) return false;
  throw new UsageError(`\`${word}\` is nothing that a workload knows`, {
    position,
    next: `Did you mean \`${near}\`? A remark must not begin with a word and a colon that look like it.`,
  });
}

function weightOf(value: string, position: Position): number {
  const weight = Number(value);
  if (value !== '' && Number.isFinite(weight) && weight > 0) return weight;
  throw new UsageError(`\`${value}\` is no weight`, { position, next: 'Write a number above 0.' });
}

function nameOf(value: string, position: Position): string {
  if (NAME.test(value)) return value;
  throw new UsageError(`\`${value}\` is no name`, {
    position,
    next: 'Write letters, digits, `_`, `-` and `.`, with a letter first.',
  });
}

function preparedOf(value: string, position: Position): boolean {
  const is_prepared = PREPARE[value];
  if (is_prepared !== undefined) return is_prepared;
  throw new UsageError(`\`${value}\` says not whether it is prepared`, {
    position,
    next: 'Write `prepare: yes` or `prepare: no`.',
  });
}

interface Pairs {
  name?: string;
  weight?: number;
  is_prepared?: boolean;
}

function pairsOf({ text, position }: Comment): Pairs {
  const pairs: Pairs = {};
  PAIR.lastIndex = text.length - text.trimStart().length;
  while (PAIR.lastIndex < text.length) {
    const from = PAIR.lastIndex;
    const found = PAIR.exec(text)?.groups;
    const { key = '', value = '' } = found ?? {};
    const at = moved(position, from);
    if (key === 'name') pairs.name = nameOf(value, at);
    else if (key === 'weight') pairs.weight = weightOf(value, at);
    else if (key === 'prepare') pairs.is_prepared = preparedOf(value, at);
    else {
      throw new UsageError(`\`${text.slice(from).trim()}\` cannot be read`, {
        position: at,
        next: 'Write `name: NAME`, `weight: NUMBER`, `prepare: no`, or `param NAME: HOW` on a line of its own.',
      });
    }
  }
  return pairs;
}

/**
 * Reads the comments before an item.
 * @throws UsageError at the place of what cannot be read, or is said twice
 */
export function readDirectives(comments: readonly Comment[]): Directives {
  const pairs: Pairs = {};
  const parameters: Parameter[] = [];
  for (const comment of comments.filter(isDirective)) {
    const { text, position } = comment;
    const found = PARAM.exec(text)?.groups;
    if (found) {
      const { name = '', how = '' } = found;
      if (parameters.some((other) => other.name === name)) {
        throw new UsageError(`the values of :${name} are said twice`, { position });
      }
      parameters.push({ name, draw: readDraw(how, moved(position, text.length - how.length)) });
      continue;
    }
    const more = pairsOf(comment);
    const twice = Object.keys(more).find((key) => Object.hasOwn(pairs, key));
    if (twice !== undefined) {
      throw new UsageError(`\`${twice}\` is said twice before one statement`, {
        position,
        next: 'End the statement before with a semicolon.',
      });
    }
    Object.assign(pairs, more);
  }
  return { ...pairs, parameters };
}
