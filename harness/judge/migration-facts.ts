import type { DeclaredMigration, MigrationData, MigrationExpectation } from '#harness/core/migration.ts';
import type { DatabaseContentData } from '#harness/core/recovery.ts';
import { READ_ONLY_GROUP, READ_ONLY_RELEASE } from '#harness/core/read-only-answer.ts';
import type { AnswerSeries, RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from './facts.ts';
import { MissingEvidence } from './missing-evidence.ts';

/** What answers in the place of a service that is closed calls itself so. */
export const CLOSED_RELEASE = 'closed';
/** Route by which a service is written to. */
export const WRITE_ROUTE = '/orders';
/** Status of an answer that refuses on purpose. */
export const REFUSED = 503;
/** A load's second and the harness's clock may be apart by this, and by the requests that are under way. */
export const EDGE_MS = 1_000;

type MigrationRecord = RecordOf<'database', 'migration'>;

/** A migration that was declared, with what became of it. */
export interface MigrationCourse {
  readonly declared: DeclaredMigration;
  readonly begun: MigrationRecord | undefined;
  readonly applied: MigrationRecord | undefined;
  readonly failed: MigrationRecord | undefined;
  readonly refused: MigrationRecord | undefined;
}

/** Every declared migration, in its turn. @throws MissingEvidence when none was declared */
export function courses(facts: Facts): readonly MigrationCourse[] {
  const { namespace, migrations } = facts.expectation('migration');
  return migrations.map((declared) => {
    const of = (state: MigrationData['state']): MigrationRecord | undefined =>
      facts.timeline
        .of('database', 'migration')
        .find(
          ({ subject, data }) =>
            subject === `Migration/${namespace}/${declared.name}` && data.state === state,
        );
    return {
      declared,
      begun: of('begun'),
      applied: of('applied'),
      failed: of('failed'),
      refused: of('refused'),
    };
  });
}

/** What the guard said of a migration, the first time. @throws MissingEvidence when it said nothing */
export function guardVerdict(facts: Facts, name: string): RecordOf<'database', 'guard'> {
  facts.requireObserver('guard');
  const { namespace } = facts.expectation('migration');
  const found = facts.timeline
    .of('database', 'guard')
    .find(({ subject }) => subject === `Migration/${namespace}/${name}`);
  if (!found) throw new MissingEvidence(`the guard said nothing of ${name}`);
  if (found.data.outcome !== 'inconclusive') return found;
  throw new MissingEvidence(`the guard came to no verdict on ${name}: ${found.data.why}`);
}

/** The first migration that began. @throws MissingEvidence when none did */
export function firstBegun(facts: Facts): { readonly name: string; readonly begun: MigrationRecord } {
  for (const { declared, begun } of courses(facts)) if (begun) return { name: declared.name, begun };
  throw new MissingEvidence('no migration ever began');
}

/** What the database held before and after all. @throws MissingEvidence when it was not read, or read too late */
export function contents(
  facts: Facts,
): Readonly<Record<DatabaseContentData['moment'], RecordOf<'database', 'content'>>> {
  const of = (moment: DatabaseContentData['moment']): RecordOf<'database', 'content'> => {
    const found = facts.timeline.of('database', 'content').findLast(({ data }) => data.moment === moment);
    if (found) return found;
    throw new MissingEvidence(`nobody read what the database holds ${moment} the migration`);
  };
  const before = of('before');
  const after = of('after');
  const all = courses(facts);
  const begun = all.flatMap((one) => one.begun?.seq ?? []);
  const ended = all.flatMap((one) => (one.applied ?? one.failed)?.seq ?? []);
  if (begun.some((seq) => seq < before.seq) || ended.some((seq) => seq > after.seq)) {
    throw new MissingEvidence('the database was not read before and after every migration');
  }
  return { before, after };
}

/** Columns of the orders are named without their schema in a declaration. */
export function hasColumn({ columns }: Pick<DatabaseContentData, 'columns'>, name: string): boolean {
  return Object.keys(columns).some((column) => column.endsWith(`.${name}`));
}

/** Whether an answer is bad and nobody but a migration can be blamed for it. */
export function isBlamable(
  { bad_release }: Pick<MigrationExpectation, 'bad_release'>,
  series: { readonly bad: boolean; readonly release: string },
): boolean {
  return series.bad && series.release !== bad_release;
}

type Answered = Pick<AnswerSeries, 'route' | 'status' | 'release' | 'group'>;

/**
 * Whether an answer is the one by which whoever was to refuse writes refuses one. It says so itself, and who it is: another 503 is
 * that of a service which is broken.
 */
export function isRefusedByMode(
  { by }: NonNullable<MigrationExpectation['read_only']>,
  { route, status, release, group }: Answered,
): boolean {
  if (route !== WRITE_ROUTE || status !== REFUSED || group !== READ_ONLY_GROUP) return false;
  return (release === READ_ONLY_RELEASE) === (by === 'proxy');
}

/** Requests that are refused on purpose have rules of their own. */
export function isRefusedOnPurpose(
  { read_only, window }: Pick<MigrationExpectation, 'read_only' | 'window'>,
  answered: Answered,
): boolean {
  if (read_only && isRefusedByMode(read_only, answered)) return true;
  return window !== undefined && answered.status === REFUSED && answered.release === CLOSED_RELEASE;
}
