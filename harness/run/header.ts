import { UsageError } from '#harness/core/errors.ts';
import { NODES_MAX } from '#harness/cluster/types.ts';
import { nearest } from '#harness/core/nearest.ts';
import { COMPONENT_NAMES, type ComponentName } from '#harness/stack/component.ts';
import { componentsOf, PROFILES } from '#harness/stack/profiles.ts';

/**
 * What else may run where and when a scenario runs.
 * `namespace`: shares the cluster and runs side by side with others; it costs `cpu` cores.
 * `exclusive`: shares the cluster and runs alone, because it breaks shared parts or promises timing.
 * `cluster`: has a cluster of its own.
 * `rebuilt`: makes its cluster itself, from Git, and loses it; nothing else runs meanwhile.
 */
export type Isolation =
  | { readonly kind: 'namespace'; readonly cpu: number }
  | { readonly kind: 'exclusive' }
  | { readonly kind: 'cluster' }
  | { readonly kind: 'rebuilt' };

/** A version of a component that a scenario wants, and where its file says so. Lines and columns count from 1. */
export interface WantedVersion {
  readonly component: ComponentName;
  readonly version: string;
  readonly line: number;
  readonly column: number;
}

/** What a scenario file says at its top. */
export interface ScenarioHeader {
  readonly goal: string;
  readonly method: string;
  /** Components and profiles, as written. */
  readonly needs: readonly string[];
  /** The components that these stand for, with what they need in turn. */
  readonly components: readonly ComponentName[];
  readonly isolation: Isolation;
  readonly tags: readonly Tag[];
  /** Several of one component: the first is on the scenario's cluster, the others are for clusters that it opens. */
  readonly versions: readonly WantedVersion[];
  /** Nodes of the scenario's cluster: the control plane, and workers that run the shop alone. */
  readonly nodes: number;
}

/** What a tag says of a scenario. */
export const TAGS = {
  nightly: 'too long for every change: runs when it is asked for by name or tag',
  slow: 'takes more than four minutes',
} as const;

export type Tag = keyof typeof TAGS;

export const TAG_NAMES: readonly Tag[] = ['nightly', 'slow'];

const KEYS = ['Goal', 'Method', 'Needs', 'Isolation', 'Tags', 'Versions', 'Nodes'] as const;
type Key = (typeof KEYS)[number];
const REQUIRED: readonly Key[] = ['Goal', 'Method', 'Needs', 'Isolation'];

/** Cores that a scenario may claim. */
const CPU_MAX = 64;

/** A piece of the text with where it stands, for messages. Lines and columns count from 1. */
interface Piece {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

interface Parser {
  readonly file: string;
  readonly pieces: ReadonlyMap<Key, Piece>;
}

function mistake(file: string, { line, column }: Omit<Piece, 'text'>, message: string, next?: string): never {
  throw new UsageError(message, {
    position: { file, line, column },
    next:
      next ?? '`mettle run --help` says what a scenario file says at its top; `mettle validate` checks it.',
  });
}

function suggestion(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near.length > 0 ? `did you mean ${near.join(' or ')}?` : `known are ${known.join(', ')}`;
}

function isKey(word: string): word is Key {
  return KEYS.some((key) => key === word);
}

/** The lines `// Key: value` of the file, each with the comment lines that go on with it. */
function piecesOf(source: string, file: string): ReadonlyMap<Key, Piece> {
  const pieces = new Map<Key, Piece>();
  let open: Key | undefined;
  for (const [index, text] of source.split('\n').entries()) {
    const line = index + 1;
    const named = /^\/\/ (?<key>[A-Z][a-z]+):\s*(?<value>.*?)\s*$/.exec(text);
    const { key = '', value = '' } = named?.groups ?? {};
    if (named && isKey(key)) {
      if (pieces.has(key)) mistake(file, { line, column: 4 }, `a second line \`${key}:\``);
      pieces.set(key, {
        text: value,
        line,
        column: text.indexOf(value, key.length + 4) + 1,
      });
      open = key;
    } else if (named && pieces.size > 0 && open !== undefined) {
      mistake(
        file,
        { line, column: 4 },
        `there is no line \`${key}:\` in a scenario file`,
        suggestion(key, KEYS),
      );
    } else if (open !== undefined && /^\/\/ \S/.test(text)) {
      const before = pieces.get(open);
      if (before) pieces.set(open, { ...before, text: `${before.text} ${text.slice(3).trim()}` });
    } else {
      open = undefined;
    }
  }
  return pieces;
}

/** The words of a list, separated by commas, each with where it stands. */
function words({ text, line, column }: Piece): readonly Piece[] {
  return [...text.matchAll(/[^,\s](?:[^,]*[^,\s])?/g)].map((match) => ({
    text: match[0],
    line,
    column: column + match.index,
  }));
}

function needsOf({ file, pieces }: Parser): Pick<ScenarioHeader, 'needs' | 'components'> {
  const known = [...new Set([...Object.keys(PROFILES), ...COMPONENT_NAMES])];
  const piece = pieces.get('Needs');
  const found = piece ? words(piece) : [];
  for (const word of found) {
    if (known.includes(word.text)) continue;
    mistake(
      file,
      word,
      `there is no component or profile ${JSON.stringify(word.text)}`,
      suggestion(word.text, known),
    );
  }
  const needs = found.map(({ text }) => text);
  return { needs, components: componentsOf(needs) };
}

function isolationOf({ file, pieces }: Parser): Isolation {
  const piece = pieces.get('Isolation') ?? { text: '', line: 1, column: 1 };
  const alone = (['exclusive', 'cluster', 'rebuilt'] as const).find((kind) => kind === piece.text);
  if (alone) return { kind: alone };
  const shared = /^namespace (?<cpu>\d+(?:\.\d+)?) cpu$/.exec(piece.text);
  const cpu = Number(shared?.groups?.['cpu']);
  if (shared && cpu > 0 && cpu <= CPU_MAX) return { kind: 'namespace', cpu };
  return mistake(
    file,
    piece,
    `\`Isolation: ${piece.text}\` is none`,
    'it is `namespace 0.5 cpu` (side by side with others; the cores it costs), `exclusive` (alone), `cluster` (a cluster of its own) or `rebuilt` (one that it makes itself, from Git)',
  );
}

function tagsOf({ file, pieces }: Parser): readonly Tag[] {
  const piece = pieces.get('Tags');
  return (piece ? words(piece) : []).map((word) => {
    const tag = TAG_NAMES.find((one) => one === word.text);
    return (
      tag ??
      mistake(file, word, `there is no tag ${JSON.stringify(word.text)}`, suggestion(word.text, TAG_NAMES))
    );
  });
}

function versionsOf({ file, pieces }: Parser): readonly WantedVersion[] {
  const piece = pieces.get('Versions');
  return (piece ? words(piece) : []).map((word) => {
    const { name = '', version } = /^(?<name>\S+) (?<version>\d+\.\d+\.\d+)$/.exec(word.text)?.groups ?? {};
    if (version === undefined) {
      return mistake(
        file,
        word,
        `\`${word.text}\` is no version of a component`,
        'write `Versions: flagger 1.43.0`',
      );
    }
    const component = COMPONENT_NAMES.find((one) => one === name);
    if (component === undefined) {
      return mistake(
        file,
        word,
        `there is no component ${JSON.stringify(name)}`,
        suggestion(name, COMPONENT_NAMES),
      );
    }
    return { component, version, line: word.line, column: word.column };
  });
}

function nodesOf({ file, pieces }: Parser): number {
  const piece = pieces.get('Nodes');
  if (piece === undefined) return 1;
  const nodes = Number(piece.text);
  if (/^\d+$/.test(piece.text) && nodes >= 1 && nodes <= NODES_MAX) return nodes;
  return mistake(file, piece, `\`Nodes: ${piece.text}\` is no number from 1 to ${NODES_MAX}`);
}

/**
 * Reads what a scenario file says at its top.
 * @throws UsageError with file, line and column of the first mistake
 */
export function parseHeader(source: string, file: string): ScenarioHeader {
  const pieces = piecesOf(source, file);
  for (const key of REQUIRED) {
    const piece = pieces.get(key);
    if (piece === undefined) mistake(file, { line: 1, column: 1 }, `the line \`// ${key}: ...\` is missing`);
    if (piece.text === '' && key !== 'Needs') mistake(file, piece, `\`${key}:\` says nothing`);
  }
  const parser: Parser = { file, pieces };
  return {
    goal: pieces.get('Goal')?.text ?? '',
    method: pieces.get('Method')?.text ?? '',
    ...needsOf(parser),
    isolation: isolationOf(parser),
    tags: tagsOf(parser),
    versions: versionsOf(parser),
    nodes: nodesOf(parser),
  };
}
