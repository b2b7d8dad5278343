/** The same migration at several sizes: shares of the rows that are there, and all of them. */
import type { AloneFacts, GrowthFacts, MigrationFacts } from '#harness/core/guard/facts.ts';
import type { UnderLoadFacts } from '#harness/core/guard/load-facts.ts';
import type { Progress } from '#harness/core/progress.ts';
import { measureTables } from '#harness/database/data/facts.ts';
import { shareOfRows } from '#harness/database/data/share/share.ts';
import { type GrowthSize, measureGrowth } from '#harness/database/guard/growth.ts';
import { underLoad } from '#harness/database/guard/under-load.ts';
import { openClient } from '#harness/database/server/client.ts';
import { UnfitError } from '#harness/core/errors.ts';
import { madeUp } from './at-work.ts';
import type { Measuring } from './measuring.ts';
import { isLeftOut, settingsOf } from './request.ts';
import { type Choice, chooseSizes } from './sizes-choice.ts';
import type { Trial } from './trial.ts';

/** In seconds. */
const DEADLINE_S = 1800;
/** Shares of the rows beside all of them, the largest first: each is made of the one before it. */
const SHARES = [0.1, 0.03, 0.01] as const;
/** Before them, where it takes no time that anybody would feel. */
const LARGE_SHARE = 0.3;
/** A run of fewer rows is over sooner, and chance weighs more. */
const RUNS = 3;
/** With so many rows one run takes as long as many of the others. */
const ONCE_FROM = 200_000;
/** Fewer sizes, or sizes that lie closer together, do not tell growth from chance. */
const SIZES_MIN = 3;
const SPAN_MIN = 10;

/** Whether it is to be run on fewer rows too, by what it cost alone; undefined where nobody asked for that. */
export async function sizesFor(trial: Trial, alone: AloneFacts | undefined): Promise<Choice | undefined> {
  const { request, migration, spent } = trial;
  if (isLeftOut(request, 'growth')) return undefined;
  return chooseSizes({
    migration,
    tables: await tablesOf(trial),
    alone,
    is_only: request.judged.length === 1,
    spent_ms: spent.growth_ms,
  });
}

export interface BeforeSizes {
  readonly choice: Choice | undefined;
  /** As it was with all rows and the releases at work. */
  readonly under_load: UnderLoadFacts | undefined;
  /** As it was with all rows and nobody at work. */
  readonly alone: AloneFacts | undefined;
}

/** Runs a migration on fewer rows too, where that was chosen. */
export async function atSizes(
  trial: Trial,
  measuring: Measuring,
  before: BeforeSizes,
): Promise<Partial<MigrationFacts>> {
  const { choice } = before;
  if (choice === undefined) return {};
  if (choice.kind !== 'measure') {
    measuring.skip('growth', choice.why);
    return choice.kind === 'leave out' ? { left_out: ['growth'] } : {};
  }
  const from_ms = performance.now();
  const growth = await measuring.part({
    part: 'growth',
    title: `${trial.migration.name}: with fewer rows`,
    deadline_s: DEADLINE_S,
    act: (doing) => grown(trial, choice, { ...doing, ...before }),
  });
  trial.spent.growth_ms += performance.now() - from_ms;
  return growth === undefined ? {} : { growth };
}

async function tablesOf({ tables, template }: Trial): Promise<NonNullable<Trial['tables']>> {
  if (tables !== undefined) return tables;
  await using client = await openClient(template.address);
  return await measureTables(client);
}

function runsOf(rows: number): number {
  return rows < ONCE_FROM ? RUNS : 1;
}

async function grown(
  trial: Trial,
  { table, rows, touched }: Extract<Choice, { kind: 'measure' }>,
  {
    under_load,
    alone,
    signal,
    progress,
  }: BeforeSizes & {
    readonly signal: AbortSignal;
    readonly progress: Progress;
  },
): Promise<GrowthFacts> {
  const { server, template, migration, request } = trial;
  await using undo = new AsyncDisposableStack();
  // What was measured with all rows before is measured once.
  const all: GrowthSize = {
    rows,
    template,
    runs: runsOf(rows),
    ...(alone === undefined ? {} : { duration_ms: alone.duration_ms }),
    ...(under_load?.outcome === 'applied'
      ? { blocked_ms: Math.max(under_load.readers.longest_ms, under_load.writers.longest_ms) }
      : {}),
  };
  const sizes = [all];
  let share_before = 1;
  for (const share of rows < ONCE_FROM ? [LARGE_SHARE, ...SHARES] : SHARES) {
    const former = sizes.at(-1) ?? all;
    const smaller = await shareOfRows(server, former.template, {
      share: share / share_before,
      tables: touched,
      largest: table,
      seed: request.seed,
      signal,
      progress,
    });
    undo.use(smaller);
    share_before = share;
    const left = await rowsOf(smaller.address, table);
    if (left > 0) sizes.push({ rows: left, template: smaller, runs: runsOf(left) });
  }
  refuseNarrow(sizes, table);
  const points = await measureGrowth({
    server,
    migration,
    sizes,
    blocked: (address) => longestWait(trial, address, signal),
    signal,
    progress,
    ...settingsOf(request),
  });
  return { table, smaller: 'share of the rows', points };
}

/** @throws UnfitError when the sizes that could be made do not tell growth */
function refuseNarrow(sizes: readonly GrowthSize[], table: string): void {
  const rows = new Set(sizes.map((one) => one.rows));
  if (rows.size >= SIZES_MIN && Math.max(...rows) >= SPAN_MIN * Math.min(...rows)) return;
  throw new UnfitError(
    `the rows of ${table} hang together, so that no parts of them could be taken that differ enough (${[...rows].join(', ')} rows)`,
  );
}

async function rowsOf(address: Trial['template']['address'], name: string): Promise<number> {
  await using client = await openClient(address);
  return (await measureTables(client)).find(({ table }) => table === name)?.rows ?? 0;
}

async function longestWait(
  { request, migration }: Trial,
  address: Parameters<typeof madeUp>[0],
  signal: AbortSignal,
): Promise<number> {
  const old = request.old ?? (await madeUp(address, migration));
  if (old === undefined) return 0;
  const { rate_per_s, seed } = request;
  const { readers, writers } = await underLoad({
    address,
    migration,
    old,
    rate_per_s,
    seed,
    signal,
    stretches: { before_ms: 150, during_ms: 0, after_ms: 0 },
    ...settingsOf(request),
  });
  return Math.max(readers.longest_ms, writers.longest_ms);
}
