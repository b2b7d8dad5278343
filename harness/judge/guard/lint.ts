/** The linter's findings beside what was measured: they are opinions, and decide nothing alone. */
import type { GuardFacts, LintFinding, MigrationFacts, StatementCost } from '#harness/core/guard/facts.ts';
import { measuredBy } from '#harness/core/guard/catalogue/linter-rules.ts';
import type { CheckVerdict, LintOpinion } from './verdict.ts';
import { list, ms } from './words.ts';

/** What was measured of a statement, in few words. */
function costWords({ duration_ms, rewritten, indexes_built, locks }: StatementCost): string {
  const strongest = Object.entries(locks).map(([relation, mode]) => `${mode} on ${relation}`);
  return [
    rewritten.length === 0 ? 'no rewrite' : `${list(rewritten)} written anew`,
    ...(indexes_built.length === 0 ? [] : [`${list(indexes_built)} built`]),
    `${ms(duration_ms)} under ${strongest.length === 0 ? 'no lock on a table that was there' : list(strongest, 2)}`,
  ].join(', ');
}

/** Checks that measure what the rule warns of, as they were judged of the migration. */
function measuring(
  { rule, migration }: LintFinding,
  checks: readonly CheckVerdict[],
): readonly CheckVerdict[] {
  const ids: readonly string[] = measuredBy(rule);
  return checks.filter((one) => one.migration === migration && ids.includes(one.check));
}

function opinionOf(
  finding: LintFinding,
  migrations: readonly MigrationFacts[],
  checks: readonly CheckVerdict[],
): LintOpinion {
  const ids = measuredBy(finding.rule);
  if (ids.length === 0) {
    const sentence = 'nothing that is measured confirms or overturns it';
    return { finding, stance: 'not measured', sentence };
  }
  const migration = migrations.find(({ name }) => name === finding.migration);
  const cost = migration?.alone?.statements.find(({ index }) => index === finding.statement);
  if (cost === undefined) {
    return { finding, stance: 'not measured', sentence: 'nothing was measured of this statement' };
  }
  const judged = measuring(finding, checks);
  const [failing, ...others] = judged.filter(
    ({ outcome, severity, statements }) =>
      // What is only remarked is there all the same.
      (outcome === 'fail' || severity === 'low') &&
      (statements.length === 0 || statements.some(({ index }) => index === finding.statement)),
  );
  if (failing !== undefined) {
    const more = others.length > 0 ? ` (and ${others.length} more)` : '';
    return { finding, stance: 'confirmed', sentence: `measured: ${failing.check}: ${failing.reason}${more}` };
  }
  const open = judged.filter(({ outcome }) => outcome === 'inconclusive').map(({ check }) => check);
  const absent = ids.filter((id) => !judged.some(({ check }) => check === id));
  const held = judged.filter(({ outcome }) => outcome === 'pass').map(({ check }) => check);
  const unknown = [...open, ...absent];
  const rest =
    unknown.length === 0 ? '' : `; not known: ${list(unknown)}, so it is neither confirmed nor overturned`;
  const overturned = unknown.length === 0 && held.length > 0;
  return {
    finding,
    stance: overturned ? 'overturned' : 'not measured',
    sentence: `measured: ${costWords(cost)}${held.length === 0 ? '' : `; ${list(held)} held`}${rest}`,
  };
}

export function lintOpinions(facts: GuardFacts, checks: readonly CheckVerdict[]): readonly LintOpinion[] {
  return (facts.lint?.findings ?? []).map((finding) => opinionOf(finding, facts.migrations, checks));
}

/** What was measured to be harmful although no rule warned of any of its statements. */
export function unseenByLinter(facts: GuardFacts, checks: readonly CheckVerdict[]): readonly string[] {
  const { lint } = facts;
  if (lint === undefined) return [];
  return checks
    .filter(
      ({ outcome, migration, statements }) =>
        outcome === 'fail' &&
        statements.length > 0 &&
        !lint.findings.some(
          (finding) =>
            finding.migration === migration && statements.some(({ index }) => index === finding.statement),
        ),
    )
    .map(({ check, reason }) => `no rule of ${lint.tool}; ${check}: ${reason}`);
}
