/** Parts of a statement written back as SQL. */
import type { Node, ObjectType, RangeVar, TypeName } from 'libpg-query';
import { deparseSync, QuoteUtils } from 'pgsql-deparser';

/** A part of a tree that cannot be written back as SQL. */
export class RenderError extends Error {}

export function render(node: Node): string {
  try {
    return deparseSync(node, { pretty: false })
      .trim()
      .replaceAll(/\s*\n\s*/g, ' ');
  } catch (error) {
    throw new RenderError('a part of the statement cannot be written back as SQL', { cause: error });
  }
}

export function renderType(type: TypeName | undefined): string {
  return type === undefined ? '' : render({ TypeName: type });
}

/** A name as SQL takes it: between double quotes where it needs them. */
export function quoted(name: string | undefined): string {
  return QuoteUtils.quoteIdentifier(name ?? '');
}

/** A dotted name as SQL takes it, as the statement has it: a schema only where it names one. */
export function quotedPath(parts: readonly string[]): string {
  return parts.map(quoted).join('.');
}

export function quotedRelation(relation: RangeVar | undefined): string {
  return quotedPath([relation?.schemaname, relation?.relname].flatMap((part) => part ?? []));
}

/** Objects whose name in the tree is not that of SQL. */
const OBJECTS: Partial<Record<ObjectType, string>> = {
  OBJECT_MATVIEW: 'MATERIALIZED VIEW',
  OBJECT_TABCONSTRAINT: 'CONSTRAINT',
  OBJECT_DOMCONSTRAINT: 'CONSTRAINT',
  OBJECT_STATISTIC_EXT: 'STATISTICS',
};

/** `OBJECT_FOREIGN_TABLE` as SQL calls it: `FOREIGN TABLE`. */
export function objectWords(type: ObjectType | undefined): string {
  if (type === undefined) return 'OBJECT';
  return OBJECTS[type] ?? type.replace(/^OBJECT_/, '').replaceAll('_', ' ');
}
