/** What a statement does, read from its tree. */
import type { GrantStmt, IndexStmt, Node, ReindexStmt, SelectStmt, VacuumStmt } from 'libpg-query';
import type { Meaning } from '#harness/core/guard/meaning.ts';
import { alterTableMeanings } from './alter-table.ts';
import { addedColumn, addedConstraint } from './column.ts';
import { dropMeanings, renameMeanings, setSchemaMeanings } from './drop-rename.ts';
import { nameParts } from './relations.ts';
import { quoted, quotedPath, quotedRelation, render, RenderError } from './render.ts';
import { deleteMeanings, insertMeanings, truncateMeanings, updateMeanings } from './rows.ts';
import { lockMeanings, setMeanings } from './session.ts';
import { hasOption } from './traits.ts';

function indexMeaning(statement: IndexStmt): Meaning {
  return {
    does: 'create-index',
    ...(statement.idxname === undefined ? {} : { index: quoted(statement.idxname) }),
    table: quotedRelation(statement.relation),
    unique: statement.unique === true,
    concurrently: statement.concurrent === true,
    if_not_exists: statement.if_not_exists === true,
    concurrent_sql: render({ IndexStmt: { ...statement, concurrent: true, if_not_exists: false } }),
  };
}

function reindexMeaning({ kind, relation, name, params }: ReindexStmt): Meaning {
  return {
    does: 'reindex',
    object: (kind ?? '').replace('REINDEX_OBJECT_', ''),
    name: relation === undefined ? quoted(name) : quotedRelation(relation),
    concurrently: hasOption(params, 'concurrently'),
  };
}

function createdTable(node: Node): readonly Meaning[] {
  if ('CreateTableAsStmt' in node) {
    const { into, objtype, if_not_exists } = node.CreateTableAsStmt;
    if (objtype !== 'OBJECT_TABLE') return [];
    const table = quotedRelation(into?.rel);
    return [
      { does: 'create-table', table, if_not_exists: if_not_exists === true, filled: true, references: [] },
    ];
  }
  if (!('CreateStmt' in node)) return [];
  const { relation, tableElts, if_not_exists } = node.CreateStmt;
  const table = quotedRelation(relation);
  const inner = (tableElts ?? []).flatMap((element): readonly Meaning[] => {
    if ('ColumnDef' in element) return addedColumn(table, element.ColumnDef);
    return 'Constraint' in element ? [addedConstraint(table, element.Constraint) ?? []].flat() : [];
  });
  const references = inner.flatMap((one) =>
    one.does === 'add-constraint' && one.references !== undefined ? [one.references] : [],
  );
  return [
    {
      does: 'create-table',
      table,
      if_not_exists: if_not_exists === true,
      filled: false,
      references: [...new Set(references)],
    },
  ];
}

function enumMeaning(node: Extract<Node, { AlterEnumStmt: unknown }>): Meaning {
  const { typeName, oldVal, newVal = '', skipIfNewValExists } = node.AlterEnumStmt;
  const type = quotedPath(nameParts(typeName));
  if (oldVal !== undefined) {
    return {
      does: 'rename-object',
      object: 'ENUM VALUE',
      name: `${type}.${quoted(oldVal)}`,
      to: quoted(newVal),
    };
  }
  return { does: 'add-enum-value', type, value: newVal, if_not_exists: skipIfNewValExists === true };
}

function vacuumMeanings({ options, rels, is_vacuumcmd }: VacuumStmt): readonly Meaning[] {
  if (is_vacuumcmd !== true || !hasOption(options, 'full')) return [];
  return (rels ?? []).flatMap((node): readonly Meaning[] =>
    'VacuumRelation' in node
      ? [{ does: 'rewrite-table', table: quotedRelation(node.VacuumRelation.relation), by: 'VACUUM FULL' }]
      : [],
  );
}

function revokeMeanings({ is_grant, objtype, objects }: GrantStmt): readonly Meaning[] {
  if (is_grant === true || objtype !== 'OBJECT_TABLE') return [];
  return (objects ?? []).flatMap((node): readonly Meaning[] =>
    'RangeVar' in node
      ? [{ does: 'restrict-access', table: quotedRelation(node.RangeVar), by: 'revoke' }]
      : [],
  );
}

/** A query that only calls functions is there for what they do. */
function selectMeanings({ targetList, fromClause, intoClause }: SelectStmt): readonly Meaning[] {
  if (intoClause?.rel !== undefined) {
    const table = quotedRelation(intoClause.rel);
    return [{ does: 'create-table', table, if_not_exists: false, filled: true, references: [] }];
  }
  if (fromClause !== undefined) return [];
  return (targetList ?? []).flatMap((node): readonly Meaning[] => {
    const value = 'ResTarget' in node ? node.ResTarget.val : undefined;
    if (value === undefined || !('FuncCall' in value)) return [];
    return [{ does: 'run-code', by: quotedPath(nameParts(value.FuncCall.funcname)) }];
  });
}

function read(node: Node): readonly Meaning[] {
  if ('AlterTableStmt' in node) return alterTableMeanings(node.AlterTableStmt);
  if ('CreateStmt' in node || 'CreateTableAsStmt' in node) return createdTable(node);
  if ('IndexStmt' in node) return [indexMeaning(node.IndexStmt)];
  if ('DropStmt' in node) return dropMeanings(node.DropStmt);
  if ('DropdbStmt' in node) {
    return [
      { does: 'drop-object', object: 'DATABASE', name: quoted(node.DropdbStmt.dbname), cascade: false },
    ];
  }
  if ('RenameStmt' in node) return renameMeanings(node.RenameStmt);
  if ('AlterObjectSchemaStmt' in node) return setSchemaMeanings(node.AlterObjectSchemaStmt);
  if ('UpdateStmt' in node) return updateMeanings(node.UpdateStmt);
  if ('DeleteStmt' in node) return deleteMeanings(node.DeleteStmt);
  if ('InsertStmt' in node) return insertMeanings(node.InsertStmt);
  if ('TruncateStmt' in node) return truncateMeanings(node.TruncateStmt);
  if ('AlterEnumStmt' in node) return [enumMeaning(node)];
  if ('VariableSetStmt' in node) return setMeanings(node.VariableSetStmt);
  if ('LockStmt' in node) return lockMeanings(node.LockStmt);
  if ('ReindexStmt' in node) return [reindexMeaning(node.ReindexStmt)];
  if ('VacuumStmt' in node) return vacuumMeanings(node.VacuumStmt);
  if ('ClusterStmt' in node) {
    const { relation } = node.ClusterStmt;
    return relation === undefined
      ? []
      : [{ does: 'rewrite-table', table: quotedRelation(relation), by: 'CLUSTER' }];
  }
  if ('CreateTrigStmt' in node) {
    return [{ does: 'restrict-access', table: quotedRelation(node.CreateTrigStmt.relation), by: 'trigger' }];
  }
  if ('CreatePolicyStmt' in node) {
    return [{ does: 'restrict-access', table: quotedRelation(node.CreatePolicyStmt.table), by: 'policy' }];
  }
  if ('RuleStmt' in node) {
    return [{ does: 'restrict-access', table: quotedRelation(node.RuleStmt.relation), by: 'rule' }];
  }
  if ('GrantStmt' in node) return revokeMeanings(node.GrantStmt);
  if ('SelectStmt' in node) return selectMeanings(node.SelectStmt);
  if ('DoStmt' in node) return [{ does: 'run-code', by: 'DO' }];
  if ('CallStmt' in node) {
    return [{ does: 'run-code', by: quotedPath(nameParts(node.CallStmt.funccall?.funcname)) }];
  }
  return [];
}

/** What a statement does; nothing where it means nothing to any check, or cannot be said in SQL again. */
export function meaningsOf(node: Node): readonly Meaning[] {
  try {
    return read(node);
  } catch (error) {
    if (error instanceof RenderError) return [];
    throw error;
  }
}
