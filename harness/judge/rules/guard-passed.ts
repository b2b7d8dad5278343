import type { Facts } from '../facts.ts';
import { courses, guardVerdict, type MigrationCourse } from '../migration-facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';
import { secondsText } from '../seconds-text.ts';

/** When users had the first answer of a release. @throws MissingEvidence when they had none */
function firstAnswer(facts: Facts, release: string): { readonly at: number; readonly seq: number } {
  const [first] = facts
    .series((series) => series.release === release)
    .map(({ series, seq }) => ({ at: series.first_at, seq }))
    .sort((left, right) => left.at - right.at);
  if (!first) throw new MissingEvidence(`release ${release} never answered anybody`);
  return first;
}

function orderOf(facts: Facts, { declared, begun, applied }: MigrationCourse, release: string) {
  const verdict = guardVerdict(facts, declared.name);
  const { name } = declared;
  const refused = verdict.data.outcome !== 'pass';
  if (refused) {
    const why = `the guard refused ${name}: ${verdict.data.why}`;
    return { problems: [why], told: why, seqs: [verdict.seq] };
  }
  if (!begun || !applied) throw new MissingEvidence(`${name} was not seen to be applied`);
  const answer = firstAnswer(facts, release);
  const problems = [
    ...(begun.at < verdict.at
      ? [`${name} began ${secondsText(verdict.at - begun.at)} before the guard had spoken`]
      : []),
    ...(answer.at < applied.at
      ? [`${release} answered ${secondsText(applied.at - answer.at)} before ${name} was applied`]
      : []),
  ];
  return {
    problems,
    told: `the guard passed ${name}, which began ${secondsText(begun.at - verdict.at)} later; ${release} answered ${secondsText(answer.at - applied.at)} after it was applied`,
    seqs: [verdict.seq, begun.seq, applied.seq, answer.seq],
  };
}

/** First the guard, then the migration, then the release: each only once the one before it has come to its end. */
export const guardPassed = rule(
  'guard-passed',
  'a migration that the guard passes is applied after its verdict, and its release serves after that',
  (facts) => {
    const asked = courses(facts).flatMap((course) =>
      course.declared.guard?.says === 'pass' ? [{ course, release: course.declared.guard.release }] : [],
    );
    if (asked.length === 0) throw new MissingEvidence('no migration was to be passed by the guard');
    facts.requireObserver('kubernetes');
    const found = asked.map(({ course, release }) => orderOf(facts, course, release));
    const problems = found.flatMap((one) => one.problems);
    return {
      outcome: problems.length === 0 ? 'pass' : 'fail',
      reason: problems.length === 0 ? found.map(({ told }) => told).join('; ') : problems.join('; '),
      limit: 'verdict, then migration, then release',
      measured: `${problems.length} out of order`,
      evidence: found.flatMap(({ seqs }) => seqs),
    };
  },
);
