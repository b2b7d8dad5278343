/** One labelled example, measured by the guard. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, MettleError } from '#harness/core/errors.ts';
import type { GuardFacts, GuardPart, LeftOut, MigrationFacts } from '#harness/core/guard/facts.ts';
import type { MigrationSet } from '#harness/database/migrations/types.ts';
import { readMigrations } from '#harness/database/migrations/read.ts';
import type { ScratchServer } from '#harness/database/server/types.ts';
import { judgeGuard } from '#harness/judge/guard/judge-guard.ts';
import type { CheckVerdict } from '#harness/judge/guard/verdict.ts';
import { ms } from '#harness/judge/guard/words.ts';
import { guardMigrations } from '#harness/run/guard/guard-migrations.ts';
import type { Phases } from '#harness/run/phases.ts';
import type { LabelledCase } from './case.ts';
import { type Fit, fitFor } from './fit.ts';
import { schemaFor } from './schema.ts';

export const ROWS = 10_000;
const READER_MS = 700;
const SEED = 7;

/** Whether the guard warns of what the example is about. */
export type Stance = 'warns' | 'remarks' | 'does not warn' | 'not measured';

export interface Measured {
  readonly example: LabelledCase;
  readonly stance: Stance;
  /** One sentence with figures, without words of the example. */
  readonly why: string;
  /** Checks that fail and measure what it is about. */
  readonly failed: readonly string[];
  /** NULLs or duplicates had stood in its way, and it was run again without them. */
  readonly on_rows_that_fit: boolean;
  /** Checks that fail although the example is not about them. */
  readonly besides: readonly string[];
}

const SILENT: Phases = {
  say: () => undefined,
  phase: (_title, _key, act) => act(() => undefined),
};

function leftOut({ about }: LabelledCase): readonly LeftOut[] {
  const parts: readonly GuardPart[] = [
    'new-release',
    'down',
    'growth',
    ...(about.includes('killed-client') ? [] : (['kills'] as const)),
    ...(about.includes('lock-queue') ? [] : (['behind-reader'] as const)),
  ];
  return parts.map((part) => ({ part, why: 'it is not what the example is about' }));
}

async function setOf(
  folder: string,
  { migrations }: Pick<LabelledCase, 'migrations'>,
): Promise<MigrationSet> {
  const at = mkdtempSync(join(folder, 'migrations-'));
  for (const [index, text] of migrations.entries()) writeFileSync(join(at, `${index + 1}.sql`), text);
  return await readMigrations(at, { tool: 'sql' });
}

function notMeasured(example: LabelledCase, why: string): Measured {
  return { example, stance: 'not measured', why, besides: [], failed: [], on_rows_that_fit: false };
}

/** Runs an example on a server that others use too, one after another. */
export async function measure(server: ScratchServer, example: LabelledCase): Promise<Measured> {
  if (example.about.length === 0) {
    return notMeasured(example, 'the rule is about nothing that can be measured');
  }
  try {
    const facts = await factsOf(server, example, undefined);
    if (facts === undefined) return notMeasured(example, 'no schema could be made up on which it runs');
    // What is good on rows that fit is not called bad for others.
    const fit = example.label === 'good' ? fitFor(facts) : undefined;
    const fitting = fit === undefined ? undefined : await factsOf(server, example, fit);
    return told(example, fitting ?? facts, fitting !== undefined);
  } catch (error) {
    if (!(error instanceof MettleError)) throw error;
    const [why = ''] = messageOf(error).split('\n');
    return notMeasured(example, why.replace(/^\S+:\d+:\d+: /, ''));
  }
}

async function factsOf(
  server: ScratchServer,
  example: LabelledCase,
  fit: Fit | undefined,
): Promise<GuardFacts | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'mettle-agreement-'));
  try {
    const own = await setOf(folder, example);
    const schema = example.schema ?? (await schemaFor(server, own.migrations));
    if (schema === undefined) return undefined;
    const file = join(folder, 'schema.sql');
    writeFileSync(file, `${schema}\n${fit?.add ?? ''}`);
    const set =
      fit === undefined ? own : await setOf(folder, { migrations: [fit.drop, ...example.migrations] });
    return await guardMigrations(
      {
        set,
        earlier: [],
        judged: set.migrations,
        data: { source: 'generated', rows: ROWS },
        schema: file,
        made_up: true,
        rate_per_s: 300,
        seed: SEED,
        engine: 'embedded',
        ...(example.about.includes('lock-queue') ? { reader_ms: READER_MS } : {}),
        left_out: leftOut(example),
      },
      { phases: SILENT, signal: new AbortController().signal, server },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function told(example: LabelledCase, facts: GuardFacts, on_rows_that_fit: boolean): Measured {
  const { checks } = judgeGuard(facts);
  const ids: readonly string[] = example.about;
  const about = checks.filter(({ check }) => ids.includes(check));
  const failing = about.filter(({ outcome }) => outcome === 'fail');
  const remarked = about.filter(({ outcome, severity }) => outcome === 'pass' && severity === 'low');
  const unknown = about.find(({ outcome }) => outcome === 'inconclusive');
  const held = about.filter(({ outcome }) => outcome === 'pass');
  const besides = checks.filter(({ check, outcome }) => outcome === 'fail' && !ids.includes(check));
  const more = {
    example,
    on_rows_that_fit,
    failed: [...new Set(failing.map(({ check }) => check))],
    besides: [...new Set(besides.map(({ check }) => check))],
  };
  const [first] = [...failing, ...remarked];
  if (first !== undefined) {
    return { ...more, stance: failing.length > 0 ? 'warns' : 'remarks', why: figure(first) };
  }
  if (unknown !== undefined) {
    const ground = /because (?<ground>[\w-]+) does not hold/.exec(unknown.reason)?.groups?.['ground'];
    const why = ground === undefined ? 'stayed open' : `stayed open, as ${ground} does not hold`;
    return { ...more, stance: 'not measured', why: `${unknown.check} ${why}` };
  }
  if (held.length === 0) return { ...more, stance: 'not measured', why: 'no check was judged' };
  return { ...more, stance: 'does not warn', why: facts.migrations.map(costs).join('; then ') };
}

function figure({ check, measured, limit }: CheckVerdict): string {
  return `${check}: ${measured ?? 'found'} (limit ${limit})`;
}

/** What it cost and whom it met, in few words. */
function costs({ alone, under_load, content }: MigrationFacts): string {
  if (alone === undefined) return 'it was not run';
  if (alone.outcome === 'refused') return `the server refused it (${alone.refusal?.code ?? 'no code'})`;
  const rewritten = alone.statements.flatMap((one) => one.rewritten).length;
  const built = alone.statements.flatMap((one) => one.indexes_built).length;
  const failed = (under_load?.workloads ?? []).reduce((sum, one) => sum + one.failed, 0);
  const lost = (content?.tables ?? []).reduce((sum, { rows_lost }) => sum + rows_lost, 0);
  return [
    `${ms(alone.duration_ms)} in all`,
    rewritten === 0 ? 'no table written anew' : `${rewritten} written anew`,
    ...(built === 0 ? [] : [`${built} indexes built`]),
    ...(under_load === undefined
      ? []
      : [
          `readers waited ${ms(under_load.readers.longest_ms)} and writers ${ms(under_load.writers.longest_ms)} at most`,
          `${failed} statements of the old release failed`,
        ]),
    `${lost} rows lost`,
  ].join(', ');
}
