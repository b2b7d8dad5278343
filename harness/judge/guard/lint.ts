/** The linter's findings beside what was measured: they are opinions, and decide nothing alone. */
import type { GuardFacts, LintFinding, MigrationFacts, StatementCost } from '#harness/core/guard/facts.ts';
import type { CheckVerdict, LintOpinion } from './verdict.ts';
import { list, ms } from './words.ts';

/** Failing checks that are about the statement of a finding. */
function failingAt(
  checks: readonly CheckVerdict[],
  { migration, statement }: LintFinding,
): readonly CheckVerdict[] {
  return checks.filter(
    (check) =>
      check.outcome === 'fail' &&
      check.migration === migration &&
      check.statements.some(({ index }) => index === statement),
  );
}

/** What was measured of a statement, in few words. */
function costWords({ duration_ms, rewritten, indexes_built, locks }: StatementCost): string {
  const strongest = Object.entries(locks).map(([relation, mode]) => `${mode} on ${relation}`);
  return [
    rewritten.length === 0 ? 'no rewrite' : `${list(rewritten)} written anew`,
    ...(indexes_built.length === 0 ? [] : [`${list(indexes_built)} built`]),
    `${ms(duration_ms)} under ${strongest.length === 0 ? 'no lock on a table that was there' : list(strongest, 2)}`,
  ].join(', ');
}

function opinionOf(
  finding: LintFinding,
  migrations: readonly MigrationFacts[],
  checks: readonly CheckVerdict[],
): LintOpinion {
  const migration = migrations.find(({ name }) => name === finding.migration);
  const cost = migration?.alone?.statements.find(({ index }) => index === finding.statement);
  if (migration === undefined || finding.statement === undefined || cost === undefined) {
    return { finding, stance: 'not measured', sentence: 'nothing was measured of this statement' };
  }
  const failing = failingAt(checks, finding);
  if (failing.length > 0) {
    const [first] = failing;
    return {
      finding,
      stance: 'confirmed',
      sentence: `measured: ${first?.reason ?? ''}${failing.length > 1 ? ` (and ${failing.length - 1} more)` : ''}`,
    };
  }
  // A check without evidence may yet confirm it.
  const open = checks.some(
    ({ outcome, migration: of }) => outcome === 'inconclusive' && of === migration.name,
  );
  return {
    finding,
    stance: open ? 'not measured' : 'overturned',
    sentence: `measured: ${costWords(cost)}; no check that was judged fails at this statement`,
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
