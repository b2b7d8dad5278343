/** The verdict of the migration guard: from the facts of a run alone, at any time. */
import type { GuardFacts, MigrationFacts } from '#harness/core/guard/facts.ts';
import { worst } from '#harness/core/verdict.ts';
import { lockQueue, readersBlocked, writersBlocked } from './blocked.ts';
import { apply, type Check } from './check.ts';
import { rowsKept, valuesKept } from './content.ts';
import { residue, runsOnData } from './data.ts';
import { GROUNDS } from './grounds.ts';
import { growth } from './growth.ts';
import { connectionCut, killedClient, killedServer } from './kills.ts';
import { lintOpinions, unseenByLinter } from './lint.ts';
import { isPassedOver, passedOver } from './passed-over.ts';
import {
  newReleaseAfter,
  newReleaseBefore,
  newReleaseDuring,
  oldReleaseAfter,
  oldReleaseDuring,
} from './releases.ts';
import { tableRewrite } from './rewrite.ts';
import { downPresent, roundTripData, roundTripSchema } from './round-trip.ts';
import { saferFor } from './safer.ts';
import {
  type CheckVerdict,
  DEFAULT_BUDGETS,
  type GuardVerdict,
  type JudgeOptions,
  type NotJudged,
  SEVERITIES,
  type Severity,
} from './verdict.ts';
import { writesKept } from './writes.ts';

/** In the order in which a reader wants them: the data, who works on it, the way back, accidents. */
const CHECKS: readonly Check[] = [
  runsOnData,
  rowsKept,
  valuesKept,
  writesKept,
  readersBlocked,
  writersBlocked,
  lockQueue,
  tableRewrite,
  oldReleaseDuring,
  oldReleaseAfter,
  newReleaseBefore,
  newReleaseDuring,
  newReleaseAfter,
  downPresent,
  roundTripSchema,
  roundTripData,
  killedClient,
  killedServer,
  connectionCut,
  residue,
  growth,
];

/** Ids of all checks that are judged on measurements, the grounds last. */
export const JUDGED_CHECKS: readonly string[] = [...CHECKS, ...GROUNDS].map(({ id }) => id);

const DEFAULTS: JudgeOptions = { budgets: DEFAULT_BUDGETS, accepted: {} };

/** A pass on shaky ground has proven nothing; a harm that was found is a harm all the same. */
function demote(found: CheckVerdict, shaky: readonly CheckVerdict[]): CheckVerdict {
  const [ground] = shaky;
  if (found.outcome !== 'pass' || ground === undefined) return found;
  return {
    ...found,
    outcome: 'inconclusive',
    severity: 'none',
    reason: `${found.reason} (no proof, because ${ground.check} does not hold: ${ground.reason})`,
  };
}

function judgeMigration(
  facts: GuardFacts,
  migration: MigrationFacts,
  { budgets, accepted }: JudgeOptions,
): readonly CheckVerdict[] {
  const subject = { facts, migration, budgets };
  const accept = (found: CheckVerdict): CheckVerdict => {
    const why = accepted[found.check];
    return why === undefined || found.outcome === 'pass' ? found : { ...found, accepted: why };
  };
  const grounds = GROUNDS.map((ground) => accept(apply(ground, subject)));
  const shaky = grounds.filter((one) => one.outcome !== 'pass' && one.accepted === undefined);
  const asked = CHECKS.filter(({ part }) => !leftOut(facts, part) && !isPassedOver(migration, part));
  const found = asked.map((check) => {
    const own = shaky.filter((ground) => check.grounds.some((id) => id === ground.check));
    return accept(saferFor(demote(apply(check, subject), own), migration));
  });
  return [...found, ...grounds];
}

function leftOut({ left_out = [] }: GuardFacts, part: Check['part']): string | undefined {
  return part === undefined ? undefined : left_out.find((one) => one.part === part)?.why;
}

function notJudged(facts: GuardFacts): readonly NotJudged[] {
  return CHECKS.flatMap(({ id, part }) => {
    const why = leftOut(facts, part);
    return why === undefined ? [] : [{ check: id, why }];
  });
}

function worstSeverity(checks: readonly CheckVerdict[]): Severity {
  const worst_index = Math.max(0, ...checks.map(({ severity }) => SEVERITIES.indexOf(severity)));
  return SEVERITIES[worst_index] ?? 'none';
}

/** Pure: the same facts and options give the same verdict. */
export function judgeGuard(facts: GuardFacts, options: JudgeOptions = DEFAULTS): GuardVerdict {
  const checks = facts.migrations.flatMap((migration) => judgeMigration(facts, migration, options));
  const deciding = checks.filter(({ accepted }) => accepted === undefined);
  return {
    // Where everything that could be judged was accepted, nothing is left that decides.
    outcome:
      checks.length > 0 && deciding.length === 0 ? 'pass' : worst(deciding.map(({ outcome }) => outcome)),
    severity: worstSeverity(deciding),
    checks,
    not_judged: [...notJudged(facts), ...passedOver(facts, CHECKS)],
    lint: lintOpinions(facts, checks),
    unseen_by_linter: unseenByLinter(facts, checks),
    budgets: options.budgets,
  };
}
