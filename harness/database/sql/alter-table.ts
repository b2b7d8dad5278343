import type { AlterTableCmd, AlterTableStmt, AlterTableType } from 'libpg-query';
import type { Meaning } from '#harness/core/guard/meaning.ts';
import { addedColumn, addedConstraint } from './column.ts';
import { quoted, quotedRelation, render, renderType } from './render.ts';
import { commandsOf } from './traits.ts';

function changedType(table: string, { name, def }: AlterTableCmd): readonly Meaning[] {
  if (def === undefined || !('ColumnDef' in def)) return [];
  const { typeName, raw_default } = def.ColumnDef;
  return [
    {
      does: 'change-type',
      table,
      column: quoted(name),
      type: renderType(typeName),
      ...(raw_default === undefined ? {} : { using: render(raw_default) }),
    },
  ];
}

function changedPartition(table: string, { subtype, def }: AlterTableCmd): readonly Meaning[] {
  if (def === undefined || !('PartitionCmd' in def)) return [];
  return [
    {
      does: subtype === 'AT_AttachPartition' ? 'attach-partition' : 'detach-partition',
      table,
      partition: quotedRelation(def.PartitionCmd.name),
      concurrently: def.PartitionCmd.concurrent === true,
    },
  ];
}

const REWRITES: Partial<Record<AlterTableType, string>> = {
  AT_SetLogged: 'SET LOGGED',
  AT_SetUnLogged: 'SET UNLOGGED',
  AT_SetTableSpace: 'SET TABLESPACE',
  AT_SetAccessMethod: 'SET ACCESS METHOD',
};

type Read = (table: string, command: AlterTableCmd) => readonly Meaning[];

const rowSecurity: Read = (table) => [{ does: 'restrict-access', table, by: 'row-security' }];

/** How each command is read; those that mean nothing to any check are not here. */
const READS: Partial<Record<AlterTableType, Read>> = {
  AT_AddColumn: (table, { def }) =>
    def !== undefined && 'ColumnDef' in def ? addedColumn(table, def.ColumnDef) : [],
  AT_DropColumn: (table, { name, behavior }) => [
    { does: 'drop-column', table, column: quoted(name), cascade: behavior === 'DROP_CASCADE' },
  ],
  AT_AlterColumnType: changedType,
  AT_SetNotNull: (table, { name }) => [{ does: 'set-not-null', table, column: quoted(name) }],
  AT_DropNotNull: (table, { name }) => [{ does: 'drop-not-null', table, column: quoted(name) }],
  AT_DropExpression: (table, { name }) => [{ does: 'drop-expression', table, column: quoted(name) }],
  AT_ColumnDefault: (table, { name, def }) =>
    def === undefined
      ? [{ does: 'drop-default', table, column: quoted(name) }]
      : [{ does: 'set-default', table, column: quoted(name), default_sql: render(def) }],
  AT_AddConstraint: (table, { def }) =>
    def !== undefined && 'Constraint' in def ? [addedConstraint(table, def.Constraint) ?? []].flat() : [],
  AT_DropConstraint: (table, { name, behavior }) => [
    { does: 'drop-constraint', table, constraint: quoted(name), cascade: behavior === 'DROP_CASCADE' },
  ],
  AT_ValidateConstraint: (table, { name }) => [
    { does: 'validate-constraint', table, constraint: quoted(name) },
  ],
  AT_AttachPartition: changedPartition,
  AT_DetachPartition: changedPartition,
  AT_EnableRowSecurity: rowSecurity,
  AT_ForceRowSecurity: rowSecurity,
};

function meaningsOfCommand(table: string, command: AlterTableCmd): readonly Meaning[] {
  const { subtype } = command;
  if (subtype === undefined) return [];
  const rewrite = REWRITES[subtype];
  if (rewrite !== undefined) return [{ does: 'rewrite-table', table, by: rewrite }];
  return READS[subtype]?.(table, command) ?? [];
}

/** What the commands of an ALTER TABLE do, in their order. */
export function alterTableMeanings(statement: AlterTableStmt): readonly Meaning[] {
  if (statement.objtype !== 'OBJECT_TABLE') return [];
  const table = quotedRelation(statement.relation);
  return commandsOf(statement.cmds).flatMap((command) => meaningsOfCommand(table, command));
}
