/** What the other checks stand on: there were rows, the releases worked, the locks were looked at often enough. */
import type { UnderLoadFacts, WorkloadFacts } from '#harness/core/guard/load-facts.ts';
import { tablesBefore } from './attribution.ts';
import { type Check, type Found, holds, type Subject } from './check.ts';
import { emptyExamined, touchedTables } from './touched-tables.ts';
import { counted, list, ms } from './words.ts';

/** The longest that may lie between two looks at the locks at the median, in ms. */
const SAMPLING_MEDIAN_MS = 10;
/** A generator that begins later than this was starved: what it met is its own. */
const LATE_MAX_MS = 250;
/** Share of the statements that were due which must have been begun. */
const BEGUN_MIN = 0.95;

/** With no row in what is touched, nothing can be lost, scanned or rewritten: every such check would hold. */
export const dataPresent: Check = {
  id: 'data-present',
  grounds: [],
  find: ({ facts, migration }) => {
    const limit = '>= 1 row in the tables that it touches, and in each whose rows it must look at';
    const tables = tablesBefore(facts, migration);
    const total = tables.reduce((sum, { rows }) => sum + rows, 0);
    const touched = touchedTables(facts, migration);
    const rows = touched.reduce((sum, one) => sum + one.rows, 0);
    if (tables.length === 0) return holds('there was no table before it', limit, { measured: '0 tables' });
    if (total === 0) {
      return lacking('the copy holds no row at all', limit, '0 rows');
    }
    if (touched.length === 0) {
      return holds('it touches no table that was there before', limit, {
        measured: counted(total, 'row') + ' in other tables',
      });
    }
    const names = touched.map(({ table }) => table);
    if (rows === 0) return lacking(`${list(names)} held no row on this copy`, limit, '0 rows');
    const empty = touched.filter((one) => one.rows === 0).map(({ table }) => table);
    const measured = counted(rows, 'row');
    const unseen = emptyExamined(facts, migration);
    if (unseen.length > 0) {
      return lacking(
        `${list(unseen)} held no row on this copy, so what it does to ${unseen.length === 1 ? 'its' : 'their'} rows was not seen; the others held ${measured}`,
        limit,
        measured,
      );
    }
    return empty.length === 0
      ? holds(`${list(names)} held ${measured}`, limit, { measured })
      : {
          ...holds(`${list(empty)} held no row on this copy, the others ${measured}`, limit, { measured }),
          severity: 'low',
        };
  },
};

function lacking(reason: string, limit: string, measured?: string): Found {
  return {
    outcome: 'inconclusive',
    severity: 'none',
    reason,
    limit,
    ...(measured === undefined ? {} : { measured }),
  };
}

/** Every stretch in which a release was to work. */
function stretches({ migration }: Subject): readonly WorkloadFacts[] {
  const { under_load, behind_reader, new_before } = migration;
  return [
    ...(under_load?.workloads ?? []),
    ...(behind_reader?.workloads ?? []),
    ...(new_before === undefined ? [] : [new_before]),
  ];
}

/** What is wrong with a stretch, as a sentence. */
function starved({
  side,
  moment,
  due,
  begun,
  late_max_ms,
  duration_s,
  rate_per_s,
}: WorkloadFacts): string | undefined {
  // A migration that is over in a moment leaves no time for a statement to be due.
  if (moment === 'during' && due === 0 && duration_s * rate_per_s < 1) return undefined;
  if (due === 0 || begun === 0) return `the ${side} release sent nothing ${moment} the migration`;
  if (moment === 'during') return undefined;
  if (begun < due * BEGUN_MIN) {
    return `the ${side} release sent only ${begun} of ${counted(due, 'statement')} that were due ${moment} the migration`;
  }
  return late_max_ms > LATE_MAX_MS
    ? `the generator of the ${side} release was late by ${ms(late_max_ms)} ${moment} the migration`
    : undefined;
}

/** A release that already fails on the database as it was says nothing of the migration. */
function failedBefore({ side, moment, failed, errors }: WorkloadFacts): string | undefined {
  if (failed === 0 || side !== 'old' || moment !== 'before') return undefined;
  const [first] = errors;
  const said = first === undefined ? '' : `: ${first.code} ${first.message}`;
  return `${counted(failed, 'statement')} of the ${side} release failed before anything was migrated${said}`;
}

/** The releases were at work, at their rate, and in order before the migration began. */
export const workloadRan: Check = {
  id: 'workload-ran',
  grounds: [],
  find: (subject) => {
    const { facts, migration } = subject;
    const asked = (['old-release', 'new-release'] as const).filter(
      (part) => !facts.left_out?.some((one) => one.part === part),
    );
    const found = stretches(subject);
    const limit = `>= ${BEGUN_MIN * 100} % of what was due, late by <= ${LATE_MAX_MS} ms, no error before`;
    if (found.length === 0) {
      const absent = migration.under_load ?? migration.behind_reader;
      return asked.length === 0 && absent === undefined
        ? holds('no release was asked to work', limit)
        : lacking('no release ever worked against the database', limit);
    }
    const missing = asked
      .map((part) => (part === 'old-release' ? 'old' : 'new'))
      .filter((side) => !found.some((one) => one.side === side))
      .map((side) => `the ${side} release never worked against the database`);
    // What it met says more than how late it was.
    const wrong = [
      ...missing,
      ...found.flatMap((one) => failedBefore(one) ?? []),
      ...found.flatMap((one) => starved(one) ?? []),
    ];
    const begun = found.reduce((sum, one) => sum + one.begun, 0);
    const [first] = wrong;
    if (first !== undefined) return { ...lacking(first, limit), items: wrong };
    return holds(`the releases sent ${counted(begun, 'statement')} at their rate`, limit, {
      measured: counted(begun, 'statement'),
    });
  },
};

function coarse(
  what: string,
  { sampling, duration_ms }: UnderLoadFacts,
  longest_allowed_ms: number,
): string | undefined {
  // Nobody can have waited for longer than the whole of it took.
  if (duration_ms <= longest_allowed_ms) return undefined;
  if (sampling.samples === 0) return `the locks were never looked at ${what}`;
  if (sampling.median_ms > SAMPLING_MEDIAN_MS) {
    return `${ms(sampling.median_ms)} lay between two looks at the locks ${what}`;
  }
  return sampling.longest_ms > longest_allowed_ms
    ? `nobody looked at the locks for ${ms(sampling.longest_ms)} ${what}`
    : undefined;
}

/** The server's locks were looked at often enough to see every wait that matters. */
export const sampled: Check = {
  id: 'sampled',
  grounds: [],
  find: ({ migration, budgets }) => {
    const longest_allowed_ms = Math.min(budgets.readers_ms, budgets.writers_ms);
    const limit = `<= ${SAMPLING_MEDIAN_MS} ms at the median, <= ${ms(longest_allowed_ms)} at the longest`;
    const { under_load, behind_reader } = migration;
    const looked = [under_load, behind_reader].flatMap((one) => one ?? []);
    if (looked.length === 0) return holds('no lock was to be looked at', limit);
    const wrong = [
      under_load && coarse('under load', under_load, longest_allowed_ms),
      behind_reader && coarse('behind a reader', behind_reader, longest_allowed_ms),
    ].flatMap((one) => one ?? []);
    const measured = looked
      .map(({ sampling }) => `${ms(sampling.median_ms)} (longest ${ms(sampling.longest_ms)})`)
      .join(', ');
    const [first] = wrong;
    return first === undefined
      ? holds('the locks were looked at often enough', limit, { measured })
      : { ...lacking(first, limit, measured), items: wrong };
  },
};

export const GROUNDS: readonly Check[] = [dataPresent, workloadRan, sampled];
