/** The same migration at several sizes of rows that are made up. */
import type { MigrationFacts } from '#harness/core/guard/facts.ts';
import { type GrowthSize, measureGrowth } from '#harness/database/guard/growth.ts';
import { underLoad } from '#harness/database/guard/under-load.ts';
import { madeUp } from './at-work.ts';
import { bringData } from './ground.ts';
import type { Measuring } from './measuring.ts';
import { isLeftOut, settingsOf } from './request.ts';
import type { Trial } from './trial.ts';

/** In seconds. */
const DEADLINE_S = 1800;
/** Parts of the rows that were asked for, beside all of them; fewer say nothing of how it grows. */
const PARTS = [100, 30, 10, 3] as const;
/** From here on growth is told from noise. */
export const GROWTH_ROWS_MIN = 100_000;

/** Runs the one migration on fewer rows too. */
export async function atSizes(trial: Trial, measuring: Measuring): Promise<Partial<MigrationFacts>> {
  const { server, template, migration, request } = trial;
  const { data } = request;
  if (isLeftOut(request, 'growth') || data.source !== 'generated') return {};
  const growth = await measuring.part({
    part: 'growth',
    title: `${migration.name}: with fewer rows`,
    deadline_s: DEADLINE_S,
    act: async ({ signal, progress }) => {
      await using undo = new AsyncDisposableStack();
      const sizes: GrowthSize[] = [];
      for (const part of PARTS) {
        const rows = Math.round(data.rows / part);
        const smaller = { ...request, data: { source: 'generated' as const, rows } };
        const filled = await bringData(server, smaller, { signal, progress });
        sizes.push({ rows, template: undo.use(filled.template) });
      }
      return await measureGrowth({
        server,
        migration,
        sizes: [...sizes, { rows: data.rows, template }],
        blocked: (address) => longestWait(trial, address, signal),
        signal,
        progress,
        ...settingsOf(request),
      });
    },
  });
  return growth === undefined ? {} : { growth };
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
