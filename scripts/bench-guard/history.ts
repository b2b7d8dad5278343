/** A real history of migrations, each on what the ones before it left, with rows made up for every new table. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { commitOf } from './checkout.ts';
import { lastLineOf, runGuard } from './program.ts';
import { atMost, countBy, type GuardRow } from './row.ts';

const HISTORY_S = 600;
const ROWS = '200';

/** What the verdict says, as far as it is counted here. */
interface Judged {
  readonly migrations: readonly unknown[];
  readonly checks: readonly {
    readonly outcome: string;
    readonly check: string;
    readonly migration: string;
  }[];
  readonly lint: readonly { readonly stance: string; readonly finding: { readonly rule: string } }[];
}

export interface History {
  readonly folder: string;
  readonly commit: string;
  readonly migrations: number;
  readonly applied: number;
  readonly seconds: number;
  readonly failing: string;
  /** By stance: confirmed, overturned, not measured. */
  readonly lint: string;
  readonly lint_by_rule: readonly { readonly rule: string; readonly stances: string }[];
}

/** Folders with migrations below a folder, as the guard can read them: `migrations` first. */
function historiesIn(corpus: string): readonly string[] {
  const named = readdirSync(corpus, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(^|\/)migrations$/.test(path) && !path.includes('node_modules'))
    .map((path) => join(corpus, path))
    .filter((path) => statSync(path).isDirectory());
  return named;
}

/**
 * Runs the histories below a folder: each migration alone, with its rows compared, under a load made from the schema where it
 * locks anything, and there and back. Kills and the open reader are left out, which the reports say.
 */
export async function benchHistories(
  folder: string,
  corpus: string,
): Promise<{ readonly rows: readonly GuardRow[]; readonly histories: readonly History[] }> {
  const rows: GuardRow[] = [];
  const histories: History[] = [];
  for (const migrations of historiesIn(corpus)) {
    const args = [
      migrations,
      '--rows',
      ROWS,
      '--no-kills',
      '--reader',
      '0',
      '--format',
      'json',
      '--out-dir',
      'out',
    ];
    const ran = await runGuard(folder, args);
    if (ran.out === '') {
      rows.push({
        what: `${migrations}: ${lastLineOf(ran)}`,
        budget: 'a verdict',
        measured: 'none',
        kept: false,
      });
      continue;
    }
    const verdict: Judged = JSON.parse(ran.out);
    const of = (check: string, outcome: string): number =>
      verdict.checks.filter((one) => one.check === check && one.outcome === outcome).length;
    const by_rule = Map.groupBy(verdict.lint, ({ finding }) => finding.rule);
    histories.push({
      folder: migrations,
      commit: await commitOf(migrations),
      migrations: verdict.migrations.length,
      applied: of('runs-on-data', 'pass'),
      seconds: ran.seconds,
      failing: countBy(
        verdict.checks.filter(({ outcome }) => outcome === 'fail'),
        ({ check }) => check,
      ),
      lint: countBy(verdict.lint, ({ stance }) => stance),
      lint_by_rule: [...by_rule]
        .map(([rule, findings]) => ({ rule, stances: countBy(findings, ({ stance }) => stance) }))
        .toSorted((left, right) => left.rule.localeCompare(right.rule)),
    });
    // Without rows in the tables that it names a migration runs all the same, and proves nothing.
    const proven = verdict.migrations.length - of('runs-on-data', 'inconclusive');
    rows.push(
      atMost(
        `${verdict.migrations.length} migrations, ${proven} of them proven on rows, ${ROWS} in each table that can have any (${ran.memory_mib.toFixed(0)} MiB for the harness)`,
        ran.seconds,
        's',
        HISTORY_S,
      ),
    );
  }
  return { rows, histories };
}

export function renderHistory({ folder, migrations, applied, failing, lint }: History): string {
  return `${folder}\n  ${applied} of ${migrations} migrations applied on the rows that were there\n  failing: ${failing}\n  linter: ${lint}\n`;
}
