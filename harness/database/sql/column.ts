import type { ColumnDef, Constraint, ConstrType } from 'libpg-query';
import type { ConstraintKind, GeneratedKind, Meaning, MeaningOf } from '#harness/core/guard/meaning.ts';
import { kindOfDefault } from './functions.ts';
import { nameParts } from './relations.ts';
import { quoted, quotedRelation, render, renderType } from './render.ts';

/** Kinds of constraints that are more than a property of a column. */
const KINDS: Partial<Record<ConstrType, ConstraintKind>> = {
  CONSTR_CHECK: 'check',
  CONSTR_FOREIGN: 'foreign-key',
  CONSTR_UNIQUE: 'unique',
  CONSTR_PRIMARY: 'primary-key',
  CONSTR_EXCLUSION: 'exclusion',
  CONSTR_NOTNULL: 'not-null',
};

export function constraintsOf(column: ColumnDef): readonly Constraint[] {
  return (column.constraints ?? []).flatMap((node) => ('Constraint' in node ? [node.Constraint] : []));
}

/** As it would stand behind the columns of a table: there it names its own column. */
function asOfTable(constraint: Constraint, column: string | undefined): Constraint {
  if (column === undefined) return constraint;
  const named = [{ String: { sval: column } }];
  if (constraint.contype === 'CONSTR_FOREIGN') return { ...constraint, fk_attrs: named };
  const is_key = constraint.contype === 'CONSTR_UNIQUE' || constraint.contype === 'CONSTR_PRIMARY';
  return is_key ? { ...constraint, keys: named } : constraint;
}

/**
 * A constraint that is added to a table.
 *
 * @param column that it was written behind, where it stands within the definition of a column
 */
export function addedConstraint(
  table: string,
  written: Constraint,
  column?: string,
): MeaningOf<'add-constraint'> | undefined {
  const type = written.contype === undefined ? undefined : KINDS[written.contype];
  if (type === undefined) return undefined;
  const constraint = asOfTable(written, column);
  return {
    does: 'add-constraint',
    table,
    ...(constraint.conname === undefined ? {} : { constraint: quoted(constraint.conname) }),
    type,
    columns: nameParts(constraint.fk_attrs ?? constraint.keys).map(quoted),
    definition: render({ Constraint: constraint }),
    not_valid: constraint.skip_validation === true,
    using_index: constraint.indexname !== undefined,
    ...(constraint.pktable === undefined ? {} : { references: quotedRelation(constraint.pktable) }),
  };
}

const SERIAL = /^(small|big)?serial[248]?$/;

function generatedKind(column: ColumnDef): GeneratedKind | undefined {
  const [type] = nameParts(column.typeName?.names).slice(-1);
  if (SERIAL.test(type ?? '')) return 'serial';
  for (const { contype, generated_kind } of constraintsOf(column)) {
    if (contype === 'CONSTR_IDENTITY') return 'identity';
    if (contype === 'CONSTR_GENERATED') return generated_kind === 'v' ? 'virtual' : 'stored';
  }
  return undefined;
}

/** A column that is added, and each constraint that is written behind it. */
export function addedColumn(table: string, definition: ColumnDef): readonly Meaning[] {
  const constraints = constraintsOf(definition);
  const expression = constraints.find(({ contype }) => contype === 'CONSTR_DEFAULT')?.raw_expr;
  const computed = constraints.find(({ contype }) => contype === 'CONSTR_GENERATED')?.raw_expr;
  const generated = generatedKind(definition);
  const column = quoted(definition.colname);
  const added: MeaningOf<'add-column'> = {
    does: 'add-column',
    table,
    column,
    type: renderType(definition.typeName),
    not_null:
      generated === 'serial' ||
      generated === 'identity' ||
      constraints.some(({ contype }) => contype === 'CONSTR_NOTNULL' || contype === 'CONSTR_PRIMARY'),
    default: generated === 'serial' || generated === 'identity' ? 'volatile' : kindOfDefault(expression),
    ...(expression === undefined ? {} : { default_sql: render(expression) }),
    ...(generated === undefined ? {} : { generated }),
    ...(computed === undefined ? {} : { generated_sql: render(computed) }),
    definition: render({ ColumnDef: definition }),
  };
  const further = constraints
    .filter(({ contype }) => contype !== 'CONSTR_NOTNULL')
    .flatMap((constraint) => addedConstraint(table, constraint, definition.colname) ?? []);
  return [added, ...further];
}
