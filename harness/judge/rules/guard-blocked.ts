import { MIGRATION_APP } from '#harness/core/migration.ts';
import type { Facts } from '../facts.ts';
import { heldBackByGuard } from '../gate-facts.ts';
import { contents, courses, guardVerdict, type MigrationCourse } from '../migration-facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

interface Seen {
  readonly text: string;
  readonly seqs: readonly number[];
}

/** What a watch saw of pods and Jobs that would run a migration; the gate itself is not asked. */
function ranBy(facts: Facts, name: string): readonly Seen[] {
  const { namespace } = facts.expectation('migration');
  const own = facts.timeline
    .of('kubernetes', 'object')
    .filter(({ data: { fields } }) => fields['migration'] === name && fields['app'] === MIGRATION_APP);
  const ran = own.filter(
    ({ subject, data: { fields } }) =>
      subject.startsWith(`Pod/${namespace}/`) ||
      (subject.startsWith(`Job/${namespace}/`) && fields['started'] === true),
  );
  // Pods first: they are what ran.
  const names = [...new Set(ran.map(({ subject }) => subject))].toSorted().toReversed();
  return names.length === 0
    ? []
    : [{ text: `${name} reached the database: ${names.join(', ')} ran it`, seqs: ran.map(({ seq }) => seq) }];
}

function changesOf(was: Readonly<Record<string, string>>, is: Readonly<Record<string, string>>): string[] {
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return names
    .filter((one) => was[one] !== is[one])
    .map((one) => `${one} is ${is[one] ?? 'gone'}, and was ${was[one] ?? 'not there'}`);
}

/** What of the catalogue is another than before. */
function changed(facts: Facts): readonly Seen[] {
  const { before, after } = contents(facts);
  const all = (['columns', 'constraints', 'indexes'] as const).flatMap((part) =>
    changesOf(before.data[part], after.data[part]),
  );
  return all.map((text) => ({ text, seqs: [before.seq, after.seq] }));
}

/** Answers that users had from the release that came with it. */
function served(facts: Facts, release: string): readonly Seen[] {
  const answers = facts.series((series) => series.release === release);
  const count = answers.reduce((sum, { series }) => sum + series.count, 0);
  if (count === 0) return [];
  return [{ text: `${release} answered ${count} requests`, seqs: answers.map(({ seq }) => seq) }];
}

function begunBy(facts: Facts, { declared, begun, applied, failed }: MigrationCourse): readonly Seen[] {
  const ran = ranBy(facts, declared.name);
  const record = begun ?? applied ?? failed;
  if (ran.length > 0 || !record) return ran;
  return [{ text: `${declared.name} reached the database: ${record.data.note}`, seqs: [record.seq] }];
}

/**
 * A migration that the guard refuses never reaches the database, by the watch of pods and by the catalogue, and the release that
 * came with it has no users. A gate that was closed for another reason than the guard's Job, by the words of whoever closed it, or
 * closed before the guard had spoken, proves nothing.
 */
export const guardBlocked = rule(
  'guard-blocked',
  'a migration that the guard refuses does not reach the database, and its release no user',
  (facts) => {
    const asked = courses(facts).flatMap((course) =>
      course.declared.guard?.says === 'fail' ? [{ course, release: course.declared.guard.release }] : [],
    );
    if (asked.length === 0) throw new MissingEvidence('no migration was to be refused by the guard');
    const ran = asked.flatMap(({ course }) => begunBy(facts, course));
    const users = asked.flatMap(({ release }) => served(facts, release));
    const limit = '0 pods of the migration, 0 changes of the catalogue, 0 answers of the release';
    if (ran.length > 0) return broken([...ran, ...users], limit);
    const found = [...changed(facts), ...users];
    if (found.length > 0) return broken(found, limit);
    facts.requireObserver('kubernetes');
    const verdicts = asked.map(({ course: { declared, refused } }) => {
      const verdict = guardVerdict(facts, declared.name);
      if (!refused) throw new MissingEvidence(`nobody was seen to hold ${declared.name} back`);
      if (refused.at < verdict.at) {
        throw new MissingEvidence(`${declared.name} was held back before the guard had spoken`);
      }
      const held = verdict.data.outcome === 'pass' ? [] : heldBackByGuard(facts, declared, verdict).seqs;
      return { declared, verdict, refused, held };
    });
    const passed = verdicts.filter(({ verdict }) => verdict.data.outcome === 'pass');
    const told = verdicts.map(({ declared, verdict: { data }, refused }) => {
      const [worst] = data.failed;
      return `the guard refused ${declared.name} (${worst?.check ?? 'no check'}: ${worst?.reason ?? data.why}), and ${refused.data.note}`;
    });
    if (verdicts.some(({ verdict }) => verdict.data.outcome === 'fail' && verdict.data.failed.length === 0)) {
      throw new MissingEvidence('the guard named no check that failed');
    }
    return {
      outcome: passed.length === 0 ? 'pass' : 'fail',
      reason:
        passed.length === 0
          ? told.join('; ')
          : passed.map(({ declared }) => `the guard let ${declared.name} pass`).join('; '),
      limit,
      measured: '0 pods, 0 changes, 0 answers',
      evidence: verdicts.flatMap(({ verdict, refused, held }) => [verdict.seq, refused.seq, ...held]),
    };
  },
);

function broken(found: readonly Seen[], limit: string) {
  return {
    outcome: 'fail' as const,
    reason: found.map(({ text }) => text).join('; '),
    limit,
    measured: `${found.length} of these`,
    evidence: found.flatMap(({ seqs }) => seqs.slice(0, 3)),
    items: found.map(({ text }) => text),
  };
}
