import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
} from 'yaml';
import { type Position, UsageError } from '#harness/core/errors.ts';
import { isKubeObject, type KubeObject } from '#harness/core/kubernetes.ts';
import type { FieldPath } from './field-path.ts';

/** One object of a manifest file and where it stands there. */
export interface Manifest {
  readonly object: KubeObject;
  readonly position: Position;
  /** Where a field stands, or the nearest field around it that is there. Absent when no file holds the object. */
  readonly locate?: (path: FieldPath) => Position;
}

export type Value = string | number | boolean;

export interface ManifestOptions {
  /** Image references by component: `image: mettle/<component>` is replaced. */
  readonly images?: Readonly<Record<string, string>>;
  /** Values of `${name}`; a text that is nothing but one of them takes the value's type. */
  readonly values?: Readonly<Record<string, Value>>;
}

const OUR_IMAGE = /^mettle\/(?<component>[\w.-]+)$/;
const PLACE = /\$\{(?<name>[a-z][a-z0-9_]*)\}/g;

type Fail = (message: string, offset: number) => never;

function fill(
  text: string,
  values: Readonly<Record<string, Value>>,
  fail: (message: string) => never,
): Value {
  const value = (name: string): Value =>
    values[name] ?? fail(`no value for \${${name}}; known are ${Object.keys(values).join(', ') || 'none'}`);
  const whole = /^\$\{(?<name>[a-z][a-z0-9_]*)\}$/.exec(text)?.groups?.['name'];
  if (whole !== undefined) return value(whole);
  return text.replace(PLACE, (_, name: string) => String(value(name)));
}

function resolve(document: Document, options: ManifestOptions, fail: Fail): void {
  const { images = {}, values = {} } = options;
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string') return;
      const here = (message: string): never => fail(message, node.range?.[0] ?? 0);
      node.value = fill(node.value, values, here);
    },
    Pair(_, pair) {
      if (!isScalar(pair.key) || pair.key.value !== 'image') return;
      if (!isScalar(pair.value) || typeof pair.value.value !== 'string') return;
      const component = OUR_IMAGE.exec(pair.value.value)?.groups?.['component'];
      if (component === undefined) return;
      pair.value.value =
        images[component] ??
        fail(
          `no image ${component} was chosen; chosen are ${Object.keys(images).join(', ') || 'none'}`,
          pair.value.range?.[0] ?? 0,
        );
    },
  });
}

/** The item of a list that a step means: by its number, or by the value of one of its fields (`name=x`). */
function itemOf(items: readonly unknown[], step: string | number): unknown {
  if (typeof step === 'number') return items[step];
  const [key = '', value] = step.split('=');
  return items.find((item) => isMap(item) && String(item.get(key)) === value);
}

/** Offset of the deepest part of a path that a document holds: its key, or the item of a list. */
function offsetOf(root: Node | null, path: FieldPath): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === String(step));
      if (pair === undefined) return offset;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = itemOf(node.items, step);
      if (!isNode(node)) return offset;
      offset = node.range?.[0] ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

const OPENS_QUOTE = /^\s*(?:- )?[\w.$-]+:\s+'(?:[^']|'')*$/;
const STAYS_IN_QUOTE = /^(?:[^']|'')*$/;

/**
 * Indents the later lines of quoted texts. YAML asks for that, Go's readers do not, and Flagger's definitions count on
 * Go's. White space at such line ends is folded, so neither the text nor its line numbers change.
 */
function indentQuoted(text: string): string {
  let inside = false;
  const lines = text.split('\n').map((line) => {
    if (!inside) {
      inside = OPENS_QUOTE.test(line);
      return line;
    }
    inside = STAYS_IN_QUOTE.test(line);
    return `  ${line}`;
  });
  return lines.join('\n');
}

/**
 * Reads the objects of one YAML text, which may hold several documents.
 * @throws UsageError with file, line and column for broken YAML, an unknown component or value, and anything
 *   that is not a Kubernetes object
 */
export function parseManifests(file: string, text: string, options: ManifestOptions = {}): Manifest[] {
  const lines = new LineCounter();
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const fail: Fail = (message, offset) => {
    throw new UsageError(message, { position: positionAt(offset) });
  };
  const manifests: Manifest[] = [];
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  const unclosed = [...parsed].some(({ errors }) => errors.some(({ code }) => code === 'MISSING_CHAR'));
  if (unclosed && indentQuoted(text) !== text) return parseManifests(file, indentQuoted(text), options);
  for (const document of 'empty' in parsed ? [] : parsed) {
    const [error] = document.errors;
    if (error) fail(error.message, error.pos[0]);
    if (document.contents === null) continue;
    const offset = document.contents.range?.[0] ?? 0;
    resolve(document, options, fail);
    const object: unknown = document.toJS();
    if (object === null) continue;
    if (!isKubeObject(object))
      fail('expected a Kubernetes object with apiVersion, kind and metadata.name', offset);
    const { contents } = document;
    manifests.push({
      object,
      position: positionAt(offset),
      locate: (path) => positionAt(offsetOf(contents, path)),
    });
  }
  return manifests;
}

/**
 * Reads every `.yaml` and `.yml` file directly in a folder, in the order of their names.
 * @param shown_from folder that file names in messages are relative to
 * @throws UsageError as `parseManifests`, and for a folder without manifests
 */
export async function readManifests(
  folder: string,
  options: ManifestOptions = {},
  shown_from: string = process.cwd(),
): Promise<Manifest[]> {
  const files = (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).sort();
  if (files.length === 0) throw new UsageError(`${folder} holds no manifests (*.yaml)`);
  const read = files.map(async (name) => {
    const path = join(folder, name);
    const shown = relative(shown_from, path);
    return parseManifests(shown.startsWith('..') ? path : shown, await readFile(path, 'utf8'), options);
  });
  return (await Promise.all(read)).flat();
}
