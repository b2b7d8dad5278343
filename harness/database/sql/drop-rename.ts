import type { AlterObjectSchemaStmt, DropStmt, Node, RenameStmt } from 'libpg-query';
import type { Meaning } from '#harness/core/guard/meaning.ts';
import { nameParts } from './relations.ts';
import { objectWords, quoted, quotedPath, quotedRelation } from './render.ts';

function objectName(object: Node | undefined): string {
  if (object !== undefined && 'String' in object) return quoted(object.String.sval);
  if (object !== undefined && 'ObjectWithArgs' in object)
    return quotedPath(nameParts(object.ObjectWithArgs.objname));
  return quotedPath(nameParts(object));
}

/** `DROP`: a table, an index, or anything else. */
export function dropMeanings(statement: DropStmt): readonly Meaning[] {
  const cascade = statement.behavior === 'DROP_CASCADE';
  return (statement.objects ?? []).map((object): Meaning => {
    const name = objectName(object);
    if (statement.removeType === 'OBJECT_TABLE') return { does: 'drop-table', table: name, cascade };
    if (statement.removeType === 'OBJECT_INDEX') {
      return { does: 'drop-index', index: name, concurrently: statement.concurrent === true };
    }
    return { does: 'drop-object', object: objectWords(statement.removeType), name, cascade };
  });
}

/** `ALTER ... RENAME`: a table, a column of one, or anything else. */
export function renameMeanings(statement: RenameStmt): readonly Meaning[] {
  const { renameType, relationType, relation, object, subname, newname } = statement;
  const table = quotedRelation(relation);
  const to = quoted(newname);
  if (renameType === 'OBJECT_TABLE') return [{ does: 'rename-table', table, to }];
  if (renameType === 'OBJECT_COLUMN' && relationType === 'OBJECT_TABLE') {
    return [{ does: 'rename-column', table, column: quoted(subname), to }];
  }
  const whole = relation === undefined ? objectName(object) : table;
  const name = subname === undefined ? whole : [whole, quoted(subname)].filter(Boolean).join('.');
  return [{ does: 'rename-object', object: objectWords(renameType), name, to }];
}

/** `ALTER ... SET SCHEMA`. */
export function setSchemaMeanings(statement: AlterObjectSchemaStmt): readonly Meaning[] {
  const { objectType, relation, object, newschema } = statement;
  const name = relation === undefined ? objectName(object) : quotedRelation(relation);
  return [{ does: 'set-schema', object: objectWords(objectType), name, to: quoted(newschema) }];
}
