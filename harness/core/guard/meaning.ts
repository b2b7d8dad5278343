/**
 * What a statement of a migration does, in the terms that the checks need: as far as the statement itself tells, without a
 * database. Names are written as SQL takes them, with quotation marks where it needs them, as the statement names them.
 */

/** A column's value for rows that are there already. */
export type DefaultKind =
  /** No default: NULL. */
  | 'none'
  /** Computed once, kept in the catalogue: no row is touched. */
  | 'constant'
  /** Computed for each row: the table is rewritten. */
  | 'volatile'
  /** A function that is not the server's own: it may be either. */
  | 'unknown';

export type ConstraintKind = 'check' | 'foreign-key' | 'unique' | 'primary-key' | 'exclusion' | 'not-null';

/** Ways in which a column fills itself. */
export type GeneratedKind = 'stored' | 'virtual' | 'identity' | 'serial';

interface DropTable {
  readonly does: 'drop-table';
  readonly table: string;
  readonly cascade: boolean;
}

interface DropColumn {
  readonly does: 'drop-column';
  readonly table: string;
  readonly column: string;
  readonly cascade: boolean;
}

/** A schema, a database, a type, a view, a sequence, a function, a trigger: what holds no rows of a table by itself. */
interface DropObject {
  readonly does: 'drop-object';
  /** As SQL calls it: `VIEW`, `MATERIALIZED VIEW`, `SCHEMA`. */
  readonly object: string;
  readonly name: string;
  readonly cascade: boolean;
}

interface DropIndex {
  readonly does: 'drop-index';
  readonly index: string;
  readonly concurrently: boolean;
}

interface DropConstraint {
  readonly does: 'drop-constraint';
  readonly table: string;
  readonly constraint: string;
  readonly cascade: boolean;
}

interface RenameTable {
  readonly does: 'rename-table';
  readonly table: string;
  readonly to: string;
}

interface RenameColumn {
  readonly does: 'rename-column';
  readonly table: string;
  readonly column: string;
  readonly to: string;
}

/** A schema, an index, a type, an enum value, a function: everything but tables and their columns. */
interface RenameObject {
  readonly does: 'rename-object';
  readonly object: string;
  readonly name: string;
  readonly to: string;
}

interface SetSchema {
  readonly does: 'set-schema';
  readonly object: string;
  readonly name: string;
  readonly to: string;
}

interface ChangeType {
  readonly does: 'change-type';
  readonly table: string;
  readonly column: string;
  /** The new type; the old one is known to the database alone. */
  readonly type: string;
  /** How each value is converted, where the statement says so: an explicit cast in it may cut values off silently. */
  readonly using?: string;
}

interface AddColumn {
  readonly does: 'add-column';
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly not_null: boolean;
  readonly default: DefaultKind;
  readonly default_sql?: string;
  readonly generated?: GeneratedKind;
  /** Expression of a generated column. */
  readonly generated_sql?: string;
  /** The whole column, as `ADD COLUMN` takes it. */
  readonly definition: string;
}

interface ColumnRule<Does extends string> {
  readonly does: Does;
  readonly table: string;
  readonly column: string;
}

interface SetDefault {
  readonly does: 'set-default';
  readonly table: string;
  readonly column: string;
  readonly default_sql: string;
}

interface AddConstraint {
  readonly does: 'add-constraint';
  readonly table: string;
  readonly constraint?: string;
  readonly type: ConstraintKind;
  /** Columns of a key; none for a check. */
  readonly columns: readonly string[];
  /** As `ADD` takes it, with its name. */
  readonly definition: string;
  /** It holds for new rows only, until it is validated: no scan. */
  readonly not_valid: boolean;
  /** It takes an index that is there already. */
  readonly using_index: boolean;
  /** Table that a foreign key points to. */
  readonly references?: string;
}

interface ValidateConstraint {
  readonly does: 'validate-constraint';
  readonly table: string;
  readonly constraint: string;
}

interface CreateIndex {
  readonly does: 'create-index';
  readonly index?: string;
  readonly table: string;
  readonly unique: boolean;
  readonly concurrently: boolean;
  readonly if_not_exists: boolean;
  /** The whole statement with `CONCURRENTLY`. */
  readonly concurrent_sql: string;
}

interface Reindex {
  readonly does: 'reindex';
  /** `INDEX`, `TABLE`, `SCHEMA`, `DATABASE`, `SYSTEM`. */
  readonly object: string;
  readonly name: string;
  readonly concurrently: boolean;
}

interface CreateTable {
  readonly does: 'create-table';
  readonly table: string;
  readonly if_not_exists: boolean;
  /** Filled by a query at once. */
  readonly filled: boolean;
  /** Tables that its foreign keys point to: they are locked too. */
  readonly references: readonly string[];
}

interface Truncate {
  readonly does: 'truncate';
  readonly tables: readonly string[];
  readonly cascade: boolean;
}

/** Rows changed or taken out by a statement of their own. */
interface ChangeRows<Does extends string> {
  readonly does: Does;
  readonly table: string;
  /** There is a condition, so that it may be a part of the rows. */
  readonly conditional: boolean;
  /** Assignments of an UPDATE: `name = upper(name)`. */
  readonly sets?: string;
  readonly where?: string;
}

interface AddRows {
  readonly does: 'insert';
  readonly table: string;
  /** From a query, and so as many as there are. */
  readonly from_query: boolean;
}

interface AddEnumValue {
  readonly does: 'add-enum-value';
  readonly type: string;
  readonly value: string;
  readonly if_not_exists: boolean;
}

/** Writers that could write before may not any more: a trigger, a policy, row security, a privilege taken away. */
interface RestrictAccess {
  readonly does: 'restrict-access';
  readonly table: string;
  readonly by: 'trigger' | 'policy' | 'row-security' | 'revoke' | 'rule';
}

interface SetTimeout {
  readonly does: 'set-timeout';
  readonly setting: 'lock_timeout' | 'statement_timeout' | 'transaction_timeout';
  /** 0 means none. */
  readonly timeout_ms: number;
  /** For this transaction only. */
  readonly local: boolean;
}

interface LockTable {
  readonly does: 'lock-table';
  readonly tables: readonly string[];
  readonly mode: string;
}

/** The whole table is written anew, or moved, by a statement that is meant for that. */
interface RewriteTable {
  readonly does: 'rewrite-table';
  readonly table: string;
  /** `VACUUM FULL`, `CLUSTER`, `SET LOGGED`, `SET TABLESPACE`. */
  readonly by: string;
}

interface Partition<Does extends string> {
  readonly does: Does;
  readonly table: string;
  readonly partition: string;
  readonly concurrently: boolean;
}

/** Code that the statement's tree does not show: `DO`, `CALL`, a function that is called. */
interface RunCode {
  readonly does: 'run-code';
  readonly by: string;
}

/** One thing that a statement does. */
export type Meaning =
  | DropTable
  | DropColumn
  | DropObject
  | DropIndex
  | DropConstraint
  | RenameTable
  | RenameColumn
  | RenameObject
  | SetSchema
  | ChangeType
  | AddColumn
  | ColumnRule<'set-not-null'>
  | ColumnRule<'drop-not-null'>
  | ColumnRule<'drop-default'>
  | ColumnRule<'drop-expression'>
  | SetDefault
  | AddConstraint
  | ValidateConstraint
  | CreateIndex
  | Reindex
  | CreateTable
  | Truncate
  | ChangeRows<'update'>
  | ChangeRows<'delete'>
  | AddRows
  | AddEnumValue
  | RestrictAccess
  | SetTimeout
  | LockTable
  | RewriteTable
  | Partition<'attach-partition'>
  | Partition<'detach-partition'>
  | RunCode;

/** A meaning of one kind. */
export type MeaningOf<Does extends Meaning['does']> = Extract<Meaning, { readonly does: Does }>;
