/** What all reports of the guard show, from facts and verdict alone. */
import type { GuardFacts, MigrationFacts, StatementCost } from '#harness/core/guard/facts.ts';
import type { WorkloadFacts } from '#harness/core/guard/load-facts.ts';
import { type Outcome, worst } from '#harness/core/verdict.ts';
import { blocksReaders, blocksWriters } from '#harness/judge/guard/lock-modes.ts';
import {
  type CheckVerdict,
  type GuardVerdict,
  type LintOpinion,
  SEVERITIES,
  type Severity,
} from '#harness/judge/guard/verdict.ts';
import { bytes, count, counted, list, ms, share } from '#harness/judge/guard/words.ts';
import { NO_DATA } from '../model/format.ts';

/** A run of the guard as reports take it. */
export interface GuardReport {
  readonly facts: GuardFacts;
  readonly verdict: GuardVerdict;
}

/** What a statement does to somebody or something. */
export interface Effect {
  readonly name: string;
  readonly text: string;
  /** `fail` where a check that fails is about it. */
  readonly outcome: Outcome;
}

export interface StatementView {
  readonly index: number;
  readonly place: string;
  readonly text: string;
  readonly effects: readonly Effect[];
  readonly lint: readonly LintOpinion[];
}

export interface MigrationView {
  readonly name: string;
  readonly outcome: Outcome;
  readonly severity: Severity;
  /** The worst first. */
  readonly checks: readonly CheckVerdict[];
  readonly statements: readonly StatementView[];
  readonly releases: readonly Effect[];
}

const ORDER: Readonly<Record<Outcome, number>> = { fail: 0, inconclusive: 1, pass: 2 };

function place({ outcome, severity, accepted }: CheckVerdict): number {
  return ORDER[outcome] * 100 + (accepted === undefined ? 0 : 50) - SEVERITIES.indexOf(severity);
}

/** Worst first; what somebody accepted comes after what decides, and remarks before plain passes. */
export function worstChecks(checks: readonly CheckVerdict[]): readonly CheckVerdict[] {
  return checks.toSorted((left, right) => place(left) - place(right));
}

/** What a check that nobody has accepted weighs. */
export function deciding(checks: readonly CheckVerdict[]): readonly CheckVerdict[] {
  return checks.filter(({ accepted }) => accepted === undefined);
}

/** The one sentence that says why the verdict is what it is. */
export function explainGuard({ checks, outcome, not_judged }: GuardVerdict): string {
  const counting = deciding(checks);
  const several = new Set(checks.map(({ migration }) => migration)).size > 1;
  const left = not_judged.length === 0 ? '' : `; ${counted(not_judged.length, 'check')} not asked for`;
  if (outcome === 'pass') {
    const accepted = checks.filter((one) => one.accepted !== undefined).length;
    const taken = accepted === 0 ? '' : `, ${counted(accepted, 'risk')} accepted`;
    return `${counted(counting.length, 'check')} held${taken}${left}`;
  }
  const decisive = worstChecks(counting).filter((one) => one.outcome === outcome);
  const [first] = decisive;
  if (first === undefined) return 'nothing was judged';
  const where = several ? `${first.migration}: ` : '';
  const more = decisive.length > 1 ? ` (and ${decisive.length - 1} more)` : '';
  return `${where}${first.check}: ${first.reason}${more}`;
}

/** What the migration was run on, in one line. */
export function describeGround({ server, data }: GuardFacts): string {
  const rows = data.tables.reduce((sum, one) => sum + one.rows, 0);
  const source = { dump: 'dump', live: 'copy of', generated: 'rows made from', empty: 'no rows from' }[
    data.source
  ];
  const seed = data.seed === undefined ? '' : `, seed ${data.seed}`;
  const { time_zone = 'UTC' } = server;
  const zone = time_zone === 'UTC' ? '' : `, ${time_zone}`;
  return `PostgreSQL ${server.version} (${server.engine}${zone}); ${source} ${data.from}: ${counted(rows, 'row')} in ${counted(data.tables.length, 'table')}${seed}`;
}

function failing(
  checks: readonly CheckVerdict[],
  ids: readonly string[],
  index: number,
): readonly CheckVerdict[] {
  return checks.filter(
    (one) =>
      one.outcome === 'fail' && ids.includes(one.check) && one.statements.some((ref) => ref.index === index),
  );
}

function heldBy(cost: StatementCost | undefined, who: 'readers' | 'writers'): string {
  if (cost === undefined) return NO_DATA;
  const stops = who === 'readers' ? blocksReaders : blocksWriters;
  const held = Object.entries(cost.locks).filter(([, mode]) => stops(mode));
  return held.length === 0
    ? `no lock that stops ${who}`
    : `${list(
        held.map(([table, mode]) => `${mode} on ${table}`),
        2,
      )} for ${ms(cost.duration_ms)}`;
}

function waits(
  migration: MigrationFacts,
  checks: readonly CheckVerdict[],
  index: number,
  who: 'readers' | 'writers',
): Effect {
  const cost = migration.alone?.statements.find((one) => one.index === index);
  const loaded = migration.under_load?.statements.find((one) => one.index === index)?.[who];
  const broken = failing(checks, [`${who}-blocked`], index);
  const queue = failing(checks, ['lock-queue'], index);
  const text =
    loaded === undefined
      ? heldBy(cost, who)
      : loaded.longest_ms === 0
        ? 'nobody waited'
        : `waited ${ms(loaded.longest_ms)} at most, ${ms(loaded.total_ms)} in all (${counted(loaded.sessions, 'session')})`;
  const behind = migration.behind_reader?.statements.find((one) => one.index === index)?.[who];
  const queued =
    behind !== undefined && behind.longest_ms > 0 ? `; behind an open reader ${ms(behind.longest_ms)}` : '';
  const outcome = broken.length + queue.length > 0 ? 'fail' : text === NO_DATA ? 'inconclusive' : 'pass';
  return { name: who, text: `${text}${queued}`, outcome };
}

function rowsEffect(migration: MigrationFacts, checks: readonly CheckVerdict[], index: number): Effect {
  const broken = failing(checks, ['rows-kept', 'values-kept', 'writes-kept', 'runs-on-data'], index);
  if (broken.length > 0) {
    const lines = broken.flatMap(({ items, reason }) => items ?? [reason]);
    return { name: 'rows', text: lines.join('; '), outcome: 'fail' };
  }
  return migration.content === undefined
    ? { name: 'rows', text: NO_DATA, outcome: 'inconclusive' }
    : { name: 'rows', text: 'none lost or changed', outcome: 'pass' };
}

function costEffect(migration: MigrationFacts, checks: readonly CheckVerdict[], index: number): Effect {
  const found = migration.alone?.statements.find((one) => one.index === index);
  if (found === undefined) return { name: 'cost', text: NO_DATA, outcome: 'inconclusive' };
  const parts = [
    ms(found.duration_ms),
    ...(found.wal_bytes < 1024 * 1024 ? [] : [`${bytes(found.wal_bytes)} of log`]),
    ...(found.rewritten.length === 0 ? [] : [`writes ${list(found.rewritten)} anew`]),
    ...(found.indexes_built.length === 0 ? [] : [`builds ${list(found.indexes_built)}`]),
    ...(Math.abs(found.disk_bytes) < 1024 * 1024
      ? []
      : [`${bytes(Math.abs(found.disk_bytes))} ${found.disk_bytes < 0 ? 'less' : 'more'} on disk`]),
  ];
  const outcome = failing(checks, ['table-rewrite'], index).length > 0 ? 'fail' : 'pass';
  return { name: 'cost', text: parts.join(', '), outcome };
}

function met(
  name: string,
  workloads: readonly WorkloadFacts[],
  checks: readonly CheckVerdict[],
  ids: readonly string[],
): readonly Effect[] {
  if (workloads.length === 0) return [];
  const text = workloads
    .map(({ moment, failed, begun }) =>
      failed === 0
        ? `${moment}: 0 of ${count(begun)} failed`
        : `${moment}: ${count(failed)} of ${count(begun)} failed (${share(failed, begun)})`,
    )
    .join(', ');
  const about = checks.filter(({ check }) => ids.includes(check));
  return [{ name, text, outcome: about.length === 0 ? 'pass' : worst(about.map((one) => one.outcome)) }];
}

function releases(
  { left_out = [] }: GuardFacts,
  migration: MigrationFacts,
  checks: readonly CheckVerdict[],
): readonly Effect[] {
  const { under_load, new_before } = migration;
  // Nobody named it: it was made from the schema, and its errors are nobody's.
  const made_up = left_out.some(({ part }) => part === 'old-release');
  const of = (side: string): readonly WorkloadFacts[] =>
    (under_load?.workloads ?? []).filter((one) => one.side === side);
  return [
    ...met(made_up ? 'made-up use' : 'old release', of('old'), checks, [
      'old-release-during',
      'old-release-after',
    ]),
    ...met('new release', [...(new_before === undefined ? [] : [new_before]), ...of('new')], checks, [
      'new-release-before',
      'new-release-during',
      'new-release-after',
    ]),
  ];
}

/** The same safer way beside several checks is written out beside the first. */
function withoutRepeats(checks: readonly CheckVerdict[]): readonly CheckVerdict[] {
  const told = new Map<string, string>();
  return checks.map((check) => {
    const { safer } = check;
    if (safer === undefined) return check;
    const first = told.get(safer.sql);
    if (first === undefined) told.set(safer.sql, check.check);
    return first === undefined ? check : { ...check, safer: { text: `as for ${first}`, sql: '' } };
  });
}

function viewOf({ facts, verdict }: GuardReport, migration: MigrationFacts): MigrationView {
  const checks = verdict.checks.filter((one) => one.migration === migration.name);
  const counting = deciding(checks);
  const severities = counting.map(({ severity }) => SEVERITIES.indexOf(severity));
  return {
    name: migration.name,
    outcome: checks.length > 0 && counting.length === 0 ? 'pass' : worst(counting.map((one) => one.outcome)),
    severity: SEVERITIES[Math.max(0, ...severities)] ?? 'none',
    checks: withoutRepeats(worstChecks(checks)),
    statements: migration.statements.map(({ index, position, text }) => ({
      index,
      place: `${position.file}:${position.line}:${position.column}`,
      text,
      effects: [
        waits(migration, checks, index, 'readers'),
        waits(migration, checks, index, 'writers'),
        rowsEffect(migration, checks, index),
        costEffect(migration, checks, index),
      ],
      lint: verdict.lint.filter(
        ({ finding }) => finding.migration === migration.name && finding.statement === index,
      ),
    })),
    releases: releases(facts, migration, checks),
  };
}

export function viewsOf(report: GuardReport): readonly MigrationView[] {
  return report.facts.migrations.map((migration) => viewOf(report, migration));
}
