/**
 * Measures the migration guard on this machine: how long a verdict takes, what the harness itself needs of memory, how far a
 * history of migrations gets, how exact its figures are, and what it says of the linters' own examples.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '#harness/run/catalogue.ts';
import { benchAccuracy } from './bench-guard/accuracy.ts';
import { benchAgreement } from './bench-guard/agreement.ts';
import { benchHistories, type History, renderHistory } from './bench-guard/history.ts';
import { oneMigration } from './bench-guard/one-migration.ts';
import type { GuardRow } from './bench-guard/row.ts';

/** Budgets of the README, in seconds. */
const BUDGET = { small_s: 5, million_s: 30 } as const;

/** Parts of the benchmark. Ten million rows take minutes, and are measured only when they are asked for. */
export const GUARD_PARTS = ['small', 'million', 'ten-million', 'accuracy', 'history', 'agreement'] as const;

type Part = (typeof GUARD_PARTS)[number];

/**
 * @param corpus folder with a history of migrations, and with checkouts of linters; none when absent
 * @param only parts that are measured; all but the longest when empty
 */
export async function benchGuard(options: {
  readonly corpus: string | undefined;
  readonly only: readonly string[];
}): Promise<readonly GuardRow[]> {
  const { corpus, only } = options;
  const wanted = (part: Part): boolean => (only.length === 0 ? part !== 'ten-million' : only.includes(part));
  const folder = mkdtempSync(join(tmpdir(), 'mettle-bench-guard-'));
  try {
    const rows: GuardRow[] = [];
    if (wanted('small')) {
      rows.push(...(await oneMigration(folder, { rows: '10k', budget_s: BUDGET.small_s, more: ['--fast'] })));
      rows.push(...(await oneMigration(folder, { rows: '10k', budget_s: BUDGET.small_s, more: [] })));
    }
    if (wanted('million')) {
      rows.push(
        ...(await oneMigration(folder, { rows: '1M', budget_s: BUDGET.million_s, more: ['--fast'] })),
      );
      rows.push(...(await oneMigration(folder, { rows: '1M', budget_s: BUDGET.million_s, more: [] })));
    }
    if (wanted('ten-million')) {
      rows.push(...(await oneMigration(folder, { rows: '10M', budget_s: undefined, more: ['--fast'] })));
    }
    if (wanted('accuracy')) rows.push(...(await benchAccuracy()));
    let histories: readonly History[] = [];
    if (corpus !== undefined && wanted('history')) {
      const found = await benchHistories(folder, corpus);
      histories = found.histories;
      for (const history of histories) process.stdout.write(renderHistory(history));
      rows.push(...found.rows);
    }
    if (corpus !== undefined && wanted('agreement')) {
      const report = join(ROOT, 'reports', 'out', 'guard-agreement.md');
      rows.push(...(await benchAgreement(corpus, { report, histories })));
      process.stdout.write(`report: ${report}\n`);
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
