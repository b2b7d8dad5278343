import type { AlterTableCmd, Node } from 'libpg-query';
import { functionsIn } from './functions.ts';

/** Options of a statement in brackets: `REINDEX (CONCURRENTLY)`. */
export function hasOption(options: readonly Node[] | undefined, name: string): boolean {
  return (options ?? []).some((option) => 'DefElem' in option && option.DefElem.defname === name);
}

/** Whether an option of a statement is set to false: `WITH (create_slot = false)`. */
function isOff(options: readonly Node[] | undefined, name: string): boolean {
  return (options ?? []).some((option) => {
    if (!('DefElem' in option) || option.DefElem.defname !== name || option.DefElem.arg === undefined)
      return false;
    const { arg } = option.DefElem;
    if ('String' in arg) return /^(false|off|no|0)$/i.test(arg.String.sval ?? '');
    if ('Boolean' in arg) return arg.Boolean.boolval !== true;
    return 'Integer' in arg && (arg.Integer.ival ?? 0) === 0;
  });
}

/** The commands of an ALTER TABLE. */
export function commandsOf(cmds: readonly Node[] | undefined): readonly AlterTableCmd[] {
  return (cmds ?? []).flatMap((node) => ('AlterTableCmd' in node ? [node.AlterTableCmd] : []));
}

function detachesConcurrently({ subtype, def }: AlterTableCmd): boolean {
  return (
    subtype === 'AT_DetachPartition' &&
    def !== undefined &&
    'PartitionCmd' in def &&
    def.PartitionCmd.concurrent === true
  );
}

/** Quoted texts and comments of a body, which may hold any word. */
const NOT_CODE = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|(\$\w*\$)[\s\S]*?\1/g;
/** Ends of a transaction in PL/pgSQL, PL/Perl, PL/Python and PL/Tcl. */
const ENDS_TRANSACTION =
  /(?<![\w."])(?:(?:commit|rollback)\s*(?:;|and\b)|(?:plpy\.|spi_)?(?:commit|rollback)\s*\()/i;

/** Code that ends transactions, and begins the next ones: a backfill in batches. */
function endsTransactions(args: readonly Node[] | undefined): boolean {
  const bodies = (args ?? []).flatMap((option) =>
    'DefElem' in option &&
    option.DefElem.defname === 'as' &&
    option.DefElem.arg &&
    'String' in option.DefElem.arg
      ? [option.DefElem.arg.String.sval ?? '']
      : [],
  );
  return bodies.some((body) => ENDS_TRANSACTION.test(body.replaceAll(NOT_CODE, ' ')));
}

/**
 * The server refuses the statement within a transaction block. Source: PostgreSQL, reference pages of the statements
 * ("cannot be executed inside a transaction block"), and `PreventInTransactionBlock` in its source. Of a `DO` it refuses the
 * `COMMIT` in its body (2D000). What a procedure does that is called is not seen.
 */
export function needsNoTransaction(node: Node): boolean {
  if ('DoStmt' in node) return endsTransactions(node.DoStmt.args);
  if ('IndexStmt' in node) return node.IndexStmt.concurrent === true;
  if ('DropStmt' in node) return node.DropStmt.concurrent === true;
  if ('ReindexStmt' in node) {
    const { kind, params } = node.ReindexStmt;
    return (
      hasOption(params, 'concurrently') ||
      (kind !== 'REINDEX_OBJECT_INDEX' && kind !== 'REINDEX_OBJECT_TABLE')
    );
  }
  if ('AlterTableStmt' in node) return commandsOf(node.AlterTableStmt.cmds).some(detachesConcurrently);
  if ('VacuumStmt' in node) return node.VacuumStmt.is_vacuumcmd === true;
  if ('ClusterStmt' in node) return node.ClusterStmt.relation === undefined;
  if ('CreateSubscriptionStmt' in node) {
    const { options } = node.CreateSubscriptionStmt;
    return !isOff(options, 'connect') && !isOff(options, 'create_slot');
  }
  if ('AlterDatabaseStmt' in node) return hasOption(node.AlterDatabaseStmt.options, 'tablespace');
  return [
    'DropSubscriptionStmt',
    'CreatedbStmt',
    'DropdbStmt',
    'CreateTableSpaceStmt',
    'DropTableSpaceStmt',
    'AlterSystemStmt',
  ].some((kind) => kind in node);
}

/** It begins, ends or marks a transaction itself. */
export function controlsTransaction(node: Node): boolean {
  return 'TransactionStmt' in node;
}

/** Commands of an ALTER TABLE whose second run finds what the first one left, and neither fails nor does anything. */
const REPEATABLE_COMMANDS: ReadonlySet<string> = new Set([
  'AT_ColumnDefault',
  'AT_DropNotNull',
  'AT_SetNotNull',
  'AT_SetStatistics',
  'AT_SetOptions',
  'AT_ResetOptions',
  'AT_SetStorage',
  'AT_SetCompression',
  'AT_ValidateConstraint',
  'AT_ChangeOwner',
  'AT_SetLogged',
  'AT_SetUnLogged',
  'AT_SetRelOptions',
  'AT_ResetRelOptions',
  'AT_EnableTrig',
  'AT_DisableTrig',
  'AT_EnableTrigAll',
  'AT_DisableTrigAll',
  'AT_EnableTrigUser',
  'AT_DisableTrigUser',
  'AT_ReplicaIdentity',
  'AT_EnableRowSecurity',
  'AT_DisableRowSecurity',
  'AT_ForceRowSecurity',
  'AT_NoForceRowSecurity',
]);

function isRepeatableCommand({ subtype, missing_ok }: AlterTableCmd): boolean {
  return missing_ok === true || REPEATABLE_COMMANDS.has(subtype ?? '');
}

function isSet(statement: unknown, flag: string): boolean {
  return typeof statement === 'object' && statement !== null && Reflect.get(statement, flag) === true;
}

const REPEATABLE_KINDS = [
  'VariableSetStmt',
  'VariableShowStmt',
  'CommentStmt',
  'GrantStmt',
  'GrantRoleStmt',
  'AlterOwnerStmt',
  'TruncateStmt',
  'VacuumStmt',
  'RefreshMatViewStmt',
  'ReindexStmt',
  'LockStmt',
];

/**
 * Another run does no harm and fails on nothing, as far as the statement itself tells: `IF NOT EXISTS`, `OR REPLACE` and
 * the like. False wherever that depends on rows or on a function. An index that is built `CONCURRENTLY IF NOT EXISTS` is
 * not repeatable: a build that broke off leaves an invalid index of that name, which the next run takes for done.
 */
export function isRepeatable(node: Node): boolean {
  if ('AlterTableStmt' in node) return commandsOf(node.AlterTableStmt.cmds).every(isRepeatableCommand);
  if ('IndexStmt' in node) return node.IndexStmt.if_not_exists === true && node.IndexStmt.concurrent !== true;
  if ('AlterEnumStmt' in node) return node.AlterEnumStmt.skipIfNewValExists === true;
  if ('CreateFunctionStmt' in node) return node.CreateFunctionStmt.replace === true;
  if ('ViewStmt' in node) return node.ViewStmt.replace === true;
  if ('RuleStmt' in node) return node.RuleStmt.replace === true;
  if ('CreateTrigStmt' in node) return node.CreateTrigStmt.replace === true;
  // A query reads, unless it calls something: what that does is not seen.
  if ('SelectStmt' in node) return functionsIn(node).length === 0 && node.SelectStmt.intoClause === undefined;
  if (REPEATABLE_KINDS.some((kind) => kind in node)) return true;
  const [inner]: readonly unknown[] = Object.values(node);
  return isSet(inner, 'DropStmt' in node ? 'missing_ok' : 'if_not_exists');
}
