/** Objects of a cluster as an inventory holds them: flattened, and without what a rebuild legitimately changes. */
import { FIELD_RULES, type FieldRule, KINDS_LEFT_OUT, OBJECTS_LEFT_OUT } from './inventory-rules.ts';
import { type KubeObject, nameOf, textAt } from './kubernetes.ts';
import type { InventoryData } from './recovery.ts';
import { redact } from './redact.ts';

type InventoryObject = InventoryData['objects'][number];
type Value = InventoryObject['fields'][string];

/**
 * A mark of a text that is the same for the same text, and from which the text cannot be guessed: what is secret is
 * compared by it.
 */
export type Mark = (text: string) => string;

/** Texts longer than this are compared by their mark, in characters: an inventory is read by people too. */
const TEXT_MAX = 200;

/** Fields whose content is compared as one: a definition's schema alone has thousands of fields. */
const AS_ONE: readonly { readonly kind: string; readonly field: RegExp }[] = [
  { kind: 'CustomResourceDefinition', field: /^spec\.versions\[[^\]]*\]\.schema$/ },
];

const PLAIN_NAME = /^[\w-]+$/;

function below(path: string, name: string): string {
  if (!PLAIN_NAME.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}

/** Items are known by their names where each has one of its own: an item more does not change those behind it. */
function itemsOf(list: readonly unknown[]): readonly (readonly [key: string, item: unknown])[] {
  const names = list.map((item) => textAt(item, 'name'));
  const known = new Set(names).size === list.length && !names.includes(undefined);
  return list.map((item, index) => [known ? `name=${JSON.stringify(names[index])}` : String(index), item]);
}

function* leaves(
  value: unknown,
  path: string,
  asOne: (path: string) => boolean,
): Generator<readonly [path: string, value: unknown]> {
  if (typeof value !== 'object' || value === null || asOne(path)) yield [path, value];
  else if (Array.isArray(value)) {
    if (value.length === 0) yield [path, []];
    for (const [key, item] of itemsOf(value)) yield* leaves(item, `${path}[${key}]`, asOne);
  } else {
    const entries = Object.entries(value);
    if (entries.length === 0) yield [path, {}];
    for (const [name, inner] of entries) yield* leaves(inner, below(path, name), asOne);
  }
}

/** JSON whose fields are in the order of their names. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}

/**
 * The fields of an object by their paths: `spec.replicas`, `spec.template.spec.containers[name="shop"].image`,
 * `metadata.labels["app.kubernetes.io/name"]`, `args[0]`. An empty list is `[]`, an empty object `{}`. What looks like a
 * secret, and long texts, stand as marks.
 */
export function flattened(object: KubeObject, mark: Mark): Readonly<Record<string, Value>> {
  const asOne = (path: string): boolean =>
    AS_ONE.some(({ kind, field }) => object.kind === kind && field.test(path));
  const shown = new Map(leaves(redact(object), '', asOne));
  return Object.fromEntries(
    [...leaves(object, '', asOne)].map(([path, value]): [string, Value] => {
      if (value === null || typeof value === 'number' || typeof value === 'boolean') {
        return [path, shown.get(path) === value ? value : `secret ${mark(String(value))}`];
      }
      const text = typeof value === 'string' ? value : canonical(value);
      const open = typeof value === 'string' ? shown.get(path) === value : !asOne(path);
      if (open && text.length <= TEXT_MAX) return [path, text];
      return [
        path,
        `${open ? `${text.length} characters` : asOne(path) ? 'content' : 'secret'} ${mark(text)}`,
      ];
    }),
  );
}

/** A path of the table as an expression that matches the field and all that lies below it. */
function expressionOf(field: string): RegExp {
  const source = field
    .split('[]')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join(String.raw`\[[^\]]*\]`);
  return new RegExp(String.raw`^${source}(?:$|[.[])`);
}

const RULES = FIELD_RULES.map((rule) => ({ rule, expression: expressionOf(rule.field) }));

function concerns({ kind, object, type }: FieldRule, of: KubeObject): boolean {
  const { name, namespace } = of.metadata;
  const id = namespace === undefined ? name : `${namespace}/${name}`;
  return (
    (kind === undefined || kind === of.kind) &&
    (object === undefined || object.test(id)) &&
    (type === undefined || type === textAt(of, 'type'))
  );
}

/** Fields of an object that must be the same after a rebuild. */
export function comparedFields(object: KubeObject, mark: Mark): Readonly<Record<string, Value>> {
  const rules = RULES.filter(({ rule }) => concerns(rule, object));
  return Object.fromEntries(
    Object.entries(flattened(object, mark)).flatMap(([path, value]): [string, Value][] => {
      const found = rules.find(({ expression }) => expression.test(path))?.rule;
      if (!found) return [[path, value]];
      return found.keep ? [[path, found.keep(String(value))]] : [];
    }),
  );
}

/** Why an object is not compared at all; undefined when it is. */
export function leftOut(object: KubeObject): string | undefined {
  const kind = KINDS_LEFT_OUT.find((one) => one.kind === object.kind);
  return kind?.why ?? OBJECTS_LEFT_OUT.find(({ is }) => is(object))?.why;
}

/** `Kind.group/namespace/name`, for objects whose kinds have one name in several groups. */
function fullNameOf(object: KubeObject): string {
  const group = object.apiVersion.includes('/') ? `.${object.apiVersion.split('/')[0]}` : '';
  return nameOf({ ...object, kind: `${object.kind}${group}` });
}

/** The objects of an inventory, in the order of their names. */
export function inventoryObjects(objects: readonly KubeObject[], mark: Mark): readonly InventoryObject[] {
  const compared = objects.filter((object) => leftOut(object) === undefined);
  const named = Map.groupBy(compared, nameOf);
  return compared
    .map((object) => ({
      subject: (named.get(nameOf(object)) ?? []).length > 1 ? fullNameOf(object) : nameOf(object),
      fields: comparedFields(object, mark),
    }))
    .sort((left, right) => (left.subject < right.subject ? -1 : 1));
}
