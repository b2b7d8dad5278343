import type { StatementFacts } from '#harness/core/guard/facts.ts';

export type MigrationTool =
  | 'sql'
  | 'flyway'
  | 'golang-migrate'
  | 'dbmate'
  | 'diesel'
  | 'node-pg-migrate'
  | 'prisma'
  | 'drizzle'
  | 'pgroll';

/** A statement, with what the parser tells beyond the facts that are reported. */
export interface SqlStatement extends StatementFacts {
  /** The server refuses it within a transaction: `CREATE INDEX CONCURRENTLY`. */
  readonly needs_no_transaction: boolean;
  /** `BEGIN`, `COMMIT`, `ROLLBACK`. */
  readonly transaction_control: boolean;
  /** Another run of it does no harm and fails on nothing: `IF NOT EXISTS` and the like. */
  readonly repeatable: boolean;
}

export interface SqlFile {
  /** As given, for positions. */
  readonly path: string;
  readonly text: string;
  readonly statements: readonly SqlStatement[];
}

/** The way back, in the tool's manner of transactions: it may be another one than that of the way there. */
export interface DownFile extends SqlFile {
  readonly in_transaction: boolean;
}

export interface Migration {
  /** Unique within its set, as the tool calls it. */
  readonly name: string;
  readonly tool: MigrationTool;
  /** What the tool orders it by, where that is neither in its name nor in its text. */
  readonly version?: string;
  readonly up: SqlFile;
  readonly down?: DownFile;
  /** The tool runs all statements of the way up in one transaction, unless the file says otherwise. */
  readonly in_transaction: boolean;
}

/** Migrations in the order in which their tool runs them. */
export interface MigrationSet {
  readonly tool: MigrationTool;
  readonly root: string;
  readonly migrations: readonly Migration[];
}
