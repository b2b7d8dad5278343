import type { Node, ObjectType, RangeVar } from 'libpg-query';

/** Schema that a name without one is taken to be in: what the server does unless told otherwise. */
const DEFAULT_SCHEMA = 'public';

/** `schema.table`, as reports and facts write it. */
export function relationName(relation: Pick<RangeVar, 'schemaname' | 'relname' | 'relpersistence'>): string {
  const schema = relation.schemaname ?? (relation.relpersistence === 't' ? 'pg_temp' : DEFAULT_SCHEMA);
  return `${schema}.${relation.relname ?? ''}`;
}

function isArray(node: Node | readonly Node[]): node is readonly Node[] {
  return Array.isArray(node);
}

function itemsOf(node: Node | readonly Node[]): readonly Node[] {
  if (isArray(node)) return node;
  if ('List' in node) return node.List.items ?? [];
  return 'TypeName' in node ? (node.TypeName.names ?? []) : [node];
}

/** The parts of a dotted name: `{String}` nodes in a list. */
export function nameParts(node: Node | readonly Node[] | undefined): readonly string[] {
  if (node === undefined) return [];
  return itemsOf(node).flatMap((item) => ('String' in item ? [item.String.sval ?? ''] : []));
}

/** `schema.name` of the last two parts of a dotted name. */
export function qualified(parts: readonly string[]): string {
  const [name = '', schema = DEFAULT_SCHEMA] = parts.toReversed();
  return `${schema}.${name}`;
}

/** Relations that hold no rows of their own: not what a reader or a writer meets. */
function namesNoRows(node: Node): boolean {
  if ('AlterTableStmt' in node) return /INDEX|SEQUENCE|TYPE/.test(node.AlterTableStmt.objtype ?? '');
  if ('RenameStmt' in node) return /INDEX|SEQUENCE|TYPE|ATTRIBUTE/.test(node.RenameStmt.renameType ?? '');
  if ('AlterObjectSchemaStmt' in node)
    return /INDEX|SEQUENCE/.test(node.AlterObjectSchemaStmt.objectType ?? '');
  if ('ReindexStmt' in node) return node.ReindexStmt.kind === 'REINDEX_OBJECT_INDEX';
  return 'CreateSeqStmt' in node || 'AlterSeqStmt' in node || 'CompositeTypeStmt' in node;
}

const HOLDS_ROWS: ReadonlySet<ObjectType> = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FOREIGN_TABLE',
]);
const PART_OF_TABLE: ReadonlySet<ObjectType> = new Set([
  'OBJECT_TRIGGER',
  'OBJECT_RULE',
  'OBJECT_POLICY',
  'OBJECT_COLUMN',
  'OBJECT_TABCONSTRAINT',
]);

/** Objects of a DROP or COMMENT that are relations with rows, or belong to one. */
function listed(type: ObjectType | undefined, objects: readonly Node[]): readonly string[] {
  if (type === undefined) return [];
  if (HOLDS_ROWS.has(type)) return objects.map((object) => qualified(nameParts(object)));
  return PART_OF_TABLE.has(type) ? objects.map((object) => qualified(nameParts(object).slice(0, -1))) : [];
}

interface Found {
  readonly relations: Set<string>;
  /** Names of common table expressions: they look like relations and are none. */
  readonly expressions: Set<string>;
}

function isRangeVar(value: object): value is RangeVar {
  return 'relname' in value && typeof value.relname === 'string';
}

function walk(value: unknown, found: Found): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, found);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if ('ctename' in value && typeof value.ctename === 'string')
    found.expressions.add(`${DEFAULT_SCHEMA}.${value.ctename}`);
  if (isRangeVar(value)) found.relations.add(relationName(value));
  for (const inner of Object.values(value)) walk(inner, found);
}

/**
 * `schema.table` of each table or view that a statement names, in the order in which it names them. A name without a
 * schema counts as one of `public`. What functions, triggers and cascades reach is not seen.
 */
export function relationsOf(node: Node): readonly string[] {
  if (namesNoRows(node)) return [];
  if ('DropStmt' in node) return listed(node.DropStmt.removeType, node.DropStmt.objects ?? []);
  if ('CommentStmt' in node) {
    return listed(node.CommentStmt.objtype, node.CommentStmt.object ? [node.CommentStmt.object] : []);
  }
  const found: Found = { relations: new Set(), expressions: new Set() };
  walk(node, found);
  return [...found.relations].filter((name) => !found.expressions.has(name));
}
