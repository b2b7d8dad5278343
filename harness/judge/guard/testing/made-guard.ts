/** Facts of a run of the guard in which all went well, made by hand, to be spoilt by tests. */
import type { ColumnFate, ContentFacts, TableFate } from '#harness/core/guard/content-facts.ts';
import type {
  GuardFacts,
  KillFacts,
  MigrationFacts,
  StatementFacts,
  TripFacts,
} from '#harness/core/guard/facts.ts';
import type {
  BlockedSummary,
  HeldLockFacts,
  Moment,
  ReleaseSide,
  UnderLoadFacts,
  WorkloadFacts,
  WrittenTableFacts,
} from '#harness/core/guard/load-facts.ts';

export const ROWS = 1_000_000;

export function madeStatement(
  index: number,
  text: string,
  more: Partial<StatementFacts> = {},
): StatementFacts {
  return {
    index,
    text,
    position: { file: 'up.sql', line: index + 1, column: 1 },
    kind: 'AlterTableStmt',
    relations: ['public.users'],
    does: [],
    ...more,
  };
}

export function madeColumn(column: string, more: Partial<ColumnFate> = {}): ColumnFate {
  return {
    column,
    now: column,
    type_before: 'text',
    type_after: 'text',
    filled: ROWS,
    changed: 0,
    truncated: 0,
    nulled: 0,
    gained: 0,
    lost: 0,
    examples: [],
    ...more,
  };
}

export function madeTable(more: Partial<TableFate> = {}): TableFate {
  return {
    table: 'public.users',
    now: 'public.users',
    rows_before: ROWS,
    rows_after: ROWS,
    rows_lost: 0,
    rows_added: 0,
    examples: [],
    columns: [madeColumn('id', { type_before: 'bigint', type_after: 'bigint' }), madeColumn('name')],
    ...more,
  };
}

export function madeContent(table: Partial<TableFate> = {}): ContentFacts {
  return { tables: [madeTable(table)] };
}

const NOBODY: BlockedSummary = { longest_ms: 2, total_ms: 4, sessions: 2, stall_ms: 20 };

export function madeWorkload(
  side: ReleaseSide,
  moment: Moment,
  more: Partial<WorkloadFacts> = {},
): WorkloadFacts {
  return {
    side,
    moment,
    rate_per_s: 300,
    due: 900,
    begun: 900,
    good: 900,
    failed: 0,
    duration_s: 3,
    late_max_ms: 4,
    latency_p50_ms: 0.6,
    latency_p99_ms: 3,
    latency_max_ms: 20,
    errors: [],
    by_statement: [
      { name: 'user by id', reads_only: true, begun: 700, failed: 0, latency_max_ms: 12 },
      { name: 'rename user', reads_only: false, begun: 200, failed: 0, latency_max_ms: 20 },
    ],
    ...more,
  };
}

/** A stretch in which so many statements failed. */
export function madeFailing(
  side: ReleaseSide,
  moment: Moment,
  failed: number,
  { code = '42703', message = 'column "name" does not exist' } = {},
): WorkloadFacts {
  return madeWorkload(side, moment, {
    failed,
    good: 900 - failed,
    errors: [{ code, message, count: failed }],
  });
}

/** Rows that the releases wrote, all of them kept. */
export function madeWritten(more: Partial<WrittenTableFacts> = {}): WrittenTableFacts {
  return {
    table: 'public.users',
    rows: 380,
    missing: 0,
    changed: 0,
    returned: 0,
    columns: [],
    examples: [],
    ...more,
  };
}

export function madeLoad(more: Partial<UnderLoadFacts> = {}): UnderLoadFacts {
  return {
    outcome: 'applied',
    duration_ms: 30,
    sampling: { median_ms: 4, longest_ms: 12, samples: 8 },
    statements: [{ index: 0, duration_ms: 28, waited_ms: 1, readers: NOBODY, writers: NOBODY }],
    readers: NOBODY,
    writers: NOBODY,
    blocked: [],
    workloads: [
      madeWorkload('old', 'before'),
      madeWorkload('old', 'during', { due: 9, begun: 9, good: 9, duration_s: 0.03 }),
      madeWorkload('old', 'after'),
      madeWorkload('new', 'during', { due: 9, begun: 9, good: 9, duration_s: 0.03 }),
      madeWorkload('new', 'after'),
    ],
    written: { changes: 400, tables: [madeWritten()], not_compared: [] },
    ...more,
  };
}

/** A lock that stops readers, and whether somebody waited for it. */
export function madeHeld(relation: string, duration_ms: number, is_awaited: boolean): HeldLockFacts {
  const mode = 'AccessExclusiveLock';
  return { relation, mode, stops_readers: true, statement: 0, duration_ms, is_awaited };
}

/** Readers or writers that waited so long. */
export function madeWait(who: 'readers' | 'writers', longest_ms: number): Partial<UnderLoadFacts> {
  const waited: BlockedSummary = {
    longest_ms,
    total_ms: longest_ms * 3,
    sessions: 3,
    stall_ms: longest_ms,
  };
  return {
    [who]: waited,
    statements: [
      {
        index: 0,
        duration_ms: longest_ms,
        waited_ms: 0,
        readers: who === 'readers' ? waited : NOBODY,
        writers: who === 'writers' ? waited : NOBODY,
      },
    ],
    blocked: [
      {
        statement: 0,
        relation: 'public.users',
        wanted: who === 'readers' ? 'AccessShareLock' : 'RowExclusiveLock',
        held: 'AccessExclusiveLock',
        queued_behind: false,
        reader: who === 'readers',
        from_ms: 0,
        duration_ms: longest_ms,
      },
    ],
  };
}

export function madeTrip(more: Partial<TripFacts> = {}): TripFacts {
  return { schema: [], data: madeContent(), written_lost: 0, ...more };
}

export function madeKill(how: KillFacts['how'], more: Partial<KillFacts> = {}): KillFacts {
  return {
    how,
    statement: 0,
    after_ms: 10,
    too_late: false,
    state: 'as before',
    residue: [],
    again: 'applied',
    same_after_again: true,
    differences: [],
    ...more,
  };
}

export function madeMigration(more: Partial<MigrationFacts> = {}): MigrationFacts {
  return {
    name: 'up.sql',
    tool: 'sql',
    up: 'ALTER TABLE users ADD COLUMN nickname text;\n',
    down: 'ALTER TABLE users DROP COLUMN nickname;\n',
    statements: [madeStatement(0, 'ALTER TABLE users ADD COLUMN nickname text')],
    alone: {
      outcome: 'applied',
      duration_ms: 3,
      statements: [
        {
          index: 0,
          duration_ms: 3,
          wal_bytes: 4096,
          rewritten: [],
          indexes_built: [],
          disk_bytes: 0,
          locks: { 'public.users': 'AccessExclusiveLock' },
        },
      ],
      residue: [],
    },
    content: madeContent(),
    under_load: madeLoad(),
    behind_reader: madeLoad({
      outcome: 'refused',
      refusal: { index: 0, code: '55P03', message: 'canceling statement due to lock timeout' },
      duration_ms: 200,
      reader_held_ms: 2000,
      workloads: [],
    }),
    new_before: madeWorkload('new', 'before'),
    round_trip: { up_down: madeTrip(), up_down_up: madeTrip(), written_between: 500 },
    kills: [madeKill('client'), madeKill('server'), madeKill('connection')],
    growth: {
      points: [
        { rows: 10_000, duration_ms: 3, wal_bytes: 4096, blocked_longest_ms: 2 },
        { rows: 100_000, duration_ms: 3, wal_bytes: 4096, blocked_longest_ms: 3 },
        { rows: 1_000_000, duration_ms: 4, wal_bytes: 4096, blocked_longest_ms: 2 },
      ],
    },
    ...more,
  };
}

export function madeFacts(
  migration: Partial<MigrationFacts> = {},
  more: Partial<GuardFacts> = {},
): GuardFacts {
  return {
    format: 'mettle-guard/1',
    started_at: Date.UTC(2026, 0, 15, 10),
    ended_at: Date.UTC(2026, 0, 15, 10, 0, 21),
    server: { engine: 'embedded', version: '18.4', version_num: 180_004 },
    data: {
      source: 'dump',
      from: 'dump.sql',
      tables: [{ table: 'public.users', rows: ROWS, bytes: 120_000_000 }],
    },
    migrations: [madeMigration(migration)],
    ...more,
  };
}
