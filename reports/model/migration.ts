import type {
  DatabaseErrorsData,
  MigrationExpectation,
  ReadOnlyData,
  ScratchRestoreData,
} from '#harness/core/migration.ts';
import type { DatabaseContentData, TableContent } from '#harness/core/recovery.ts';
import type { EpochMs, Timeline } from '#harness/core/timeline.ts';
import { isBlamable } from '#harness/judge/migration-facts.ts';
import type { RunFacts, Span } from './run-facts.ts';

/** A migration that was asked for, and what became of it. */
export interface MigrationStep {
  readonly name: string;
  readonly expected: MigrationExpectation['migrations'][number]['expected'];
  /** `running`: its end was not seen; `never`: nobody asked for it. */
  readonly state: 'applied' | 'failed' | 'refused' | 'running' | 'never';
  /** When it began, or was refused. */
  readonly from?: EpochMs;
  readonly to?: EpochMs;
  readonly note: string;
  /** Requests that failed from its beginning to the next step, without those of a release that is bad on purpose. */
  readonly failed?: number;
}

/** A time in which writes were refused. */
interface ReadOnlyWindow {
  readonly by: ReadOnlyData['by'];
  readonly asked_at: EpochMs;
  /** From here on no write got through. */
  readonly held_at?: EpochMs;
  readonly ended_at?: EpochMs;
  readonly ended_by?: NonNullable<ReadOnlyData['ended_by']>;
  readonly lease_until: EpochMs;
  readonly answers: NonNullable<ReadOnlyData['answers']>;
}

/** A table before all migrations and after them, up to the same row. */
export interface MigratedTable {
  readonly table: string;
  readonly rows_before: number;
  /** Absent where it is gone. */
  readonly rows_after?: number;
  /** Columns that hold what they held, `old is now new` where they have another name. */
  readonly same: readonly string[];
  /** Those that do not. */
  readonly differs: readonly string[];
  readonly gone: readonly string[];
  readonly added: readonly string[];
}

/** What a report shows of migrations. Whatever was not recorded is absent, never nought. */
export interface MigrationView {
  readonly steps: readonly MigrationStep[];
  readonly windows: readonly ReadOnlyWindow[];
  readonly restores: readonly (ScratchRestoreData & { readonly backup: string; readonly at: EpochMs })[];
  readonly errors?: DatabaseErrorsData;
  readonly tables?: readonly MigratedTable[];
}

/** Reads what was migrated; undefined where the run migrates nothing. */
export function migrationOf({ timeline, last_at }: RunFacts): MigrationView | undefined {
  const declared = timeline
    .of('harness', 'expectation')
    .flatMap(({ data }) => (data.of === 'migration' ? [data] : []))[0];
  if (declared === undefined) return undefined;
  const errors = timeline.of('database', 'errors').at(-1)?.data;
  const tables = tablesOf(timeline, declared.moved ?? {});
  return {
    steps: stepsOf(timeline, declared, last_at),
    windows: windowsOf(timeline),
    restores: timeline
      .of('database', 'scratch_restore')
      .map(({ subject, at, data }) => ({ ...data, backup: subject, at })),
    ...(errors === undefined ? {} : { errors }),
    ...(tables === undefined ? {} : { tables }),
  };
}

function stepsOf(
  timeline: Timeline,
  declared: MigrationExpectation,
  last_at: EpochMs,
): readonly MigrationStep[] {
  const seen = declared.migrations.map(({ name, expected }): MigrationStep => {
    const subject = `Migration/${declared.namespace}/${name}`;
    const records = timeline.of('database', 'migration').filter((record) => record.subject === subject);
    const [first] = records;
    const last = records.at(-1);
    if (first === undefined || last === undefined) return { name, expected, state: 'never', note: '' };
    const { state, note } = last.data;
    if (state === 'begun') return { name, expected, state: 'running', from: first.at, note };
    return { name, expected, state, from: first.at, to: last.at, note };
  });
  const begins = seen.flatMap(({ from }) => from ?? []).toSorted((left, right) => left - right);
  return seen.map((step) => {
    const { from } = step;
    if (from === undefined) return step;
    const until = begins.find((at) => at > from) ?? last_at;
    const failed = failedBetween(timeline, declared, from, until);
    return failed === undefined ? step : { ...step, failed };
  });
}

/** Whole seconds that begin in that time; undefined where none was measured. */
function failedBetween(
  timeline: Timeline,
  declared: MigrationExpectation,
  from: EpochMs,
  until: EpochMs,
): number | undefined {
  const seconds = timeline.of('load', 'second').filter(({ at, data }) => at > from && data.from < until);
  if (seconds.length === 0) return undefined;
  return seconds
    .flatMap(({ data }) => data.series)
    .filter((series) => isBlamable(declared, series))
    .reduce((sum, { count }) => sum + count, 0);
}

function windowsOf(timeline: Timeline): readonly ReadOnlyWindow[] {
  const records = timeline.of('harness', 'read_only');
  const asked = records.filter(({ data }) => data.state === 'asked');
  return asked.map(({ at, data }, index) => {
    const next_at = asked[index + 1]?.at ?? Number.POSITIVE_INFINITY;
    const of = (state: ReadOnlyData['state']) =>
      records.find((one) => one.data.state === state && one.at >= at && one.at < next_at);
    const held = of('holds');
    const ended = of('ended');
    return {
      by: data.by,
      asked_at: at,
      lease_until: data.lease_until,
      answers: held?.data.answers ?? [],
      ...(held === undefined ? {} : { held_at: held.at }),
      ...(ended === undefined ? {} : { ended_at: ended.at }),
      ...(ended?.data.ended_by === undefined ? {} : { ended_by: ended.data.ended_by }),
    };
  });
}

type Moved = NonNullable<MigrationExpectation['moved']>;

function tablesOf(timeline: Timeline, moved: Moved): readonly MigratedTable[] | undefined {
  const of = (moment: DatabaseContentData['moment']) =>
    timeline.of('database', 'content').findLast(({ data }) => data.moment === moment)?.data;
  const before = of('before');
  const after = of('after');
  if (before === undefined || after === undefined) return undefined;
  return before.tables.map((was) =>
    tableOf(
      was,
      after.tables.find(({ table }) => table === was.table),
      moved,
    ),
  );
}

function tableOf(was: TableContent, is: TableContent | undefined, moved: Moved): MigratedTable {
  const { table } = was;
  const [same, differs, gone]: string[][] = [[], [], []];
  const taken = new Set<string>();
  for (const [name, hash] of Object.entries(was.columns ?? {})) {
    const to = moved[`${table}.${name}`]?.slice(table.length + 1);
    const now = to ?? name;
    const held = is?.columns?.[now];
    taken.add(now);
    // One that keeps its place beside the new one is compared by itself.
    if (to !== undefined) taken.add(name);
    const words = to === undefined ? name : `${name} is now ${to}`;
    if (held === undefined) gone?.push(name);
    else (held === hash ? same : differs)?.push(words);
  }
  return {
    table,
    rows_before: was.rows,
    ...(is === undefined ? {} : { rows_after: is.rows }),
    same: same ?? [],
    differs: differs ?? [],
    gone: gone ?? [],
    added: Object.keys(is?.columns ?? {}).filter((name) => !taken.has(name)),
  };
}

/** Times in which a migration was at work, for the lanes above the charts. */
export function migrationSpans({ steps }: MigrationView): readonly Span[] {
  return steps.flatMap(({ name, state, from, to }) =>
    from === undefined || state === 'refused' ? [] : [{ label: name, from, to }],
  );
}

/** Times in which no write got through. */
export function readOnlySpans({ windows }: MigrationView): readonly Span[] {
  return windows.flatMap(({ by, held_at, ended_at }) =>
    held_at === undefined ? [] : [{ label: `by ${by}`, from: held_at, to: ended_at }],
  );
}
