import type { DeleteStmt, InsertStmt, Node, TruncateStmt, UpdateStmt } from 'libpg-query';
import type { Meaning } from '#harness/core/guard/meaning.ts';
import { quoted, quotedRelation, render } from './render.ts';

function assignment(node: Node): readonly string[] {
  if (!('ResTarget' in node) || node.ResTarget.val === undefined) return [];
  // Several columns from one row: it has no text of its own for each of them.
  if ('MultiAssignRef' in node.ResTarget.val) return [];
  return [`${quoted(node.ResTarget.name)} = ${render(node.ResTarget.val)}`];
}

export function updateMeanings({
  relation,
  targetList,
  whereClause,
  fromClause,
}: UpdateStmt): readonly Meaning[] {
  const targets = targetList ?? [];
  const sets = targets.flatMap(assignment);
  // What comes from other tables cannot be said again without them.
  const alone = fromClause === undefined && relation?.alias === undefined;
  return [
    {
      does: 'update',
      table: quotedRelation(relation),
      conditional: whereClause !== undefined,
      ...(alone && sets.length === targets.length ? { sets: sets.join(', ') } : {}),
      ...(alone && whereClause !== undefined ? { where: render(whereClause) } : {}),
    },
  ];
}

export function deleteMeanings({ relation, usingClause, whereClause }: DeleteStmt): readonly Meaning[] {
  const alone = usingClause === undefined && relation?.alias === undefined;
  return [
    {
      does: 'delete',
      table: quotedRelation(relation),
      conditional: whereClause !== undefined || usingClause !== undefined,
      ...(alone && whereClause !== undefined ? { where: render(whereClause) } : {}),
    },
  ];
}

export function insertMeanings({ relation, selectStmt }: InsertStmt): readonly Meaning[] {
  const values =
    selectStmt !== undefined && 'SelectStmt' in selectStmt ? selectStmt.SelectStmt.valuesLists : [];
  return [{ does: 'insert', table: quotedRelation(relation), from_query: values === undefined }];
}

export function truncateMeanings({ relations, behavior }: TruncateStmt): readonly Meaning[] {
  const tables = (relations ?? []).flatMap((node) =>
    'RangeVar' in node ? [quotedRelation(node.RangeVar)] : [],
  );
  return [{ does: 'truncate', tables, cascade: behavior === 'DROP_CASCADE' }];
}
