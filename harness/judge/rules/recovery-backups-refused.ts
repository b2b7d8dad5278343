import type { RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { type RecoveryFacts, recoveryFacts } from '../recovery-facts.ts';
import { rule } from '../rule.ts';
import { secondsText } from '../seconds-text.ts';

type Backup = RecordOf<'recovery', 'backup'>;

function aged(backup: Backup, { destroyed }: RecoveryFacts): string {
  return `${backup.subject}, ${secondsText(destroyed.at - backup.data.taken_at)} old`;
}

/** The backup that a restore has to take: the newest that was there at the loss and that nothing speaks against. */
function newestGood(facts: Facts, found: RecoveryFacts, refused: readonly Backup[]): Backup | undefined {
  const { destroyed, expectation } = found;
  return (
    facts.timeline
      .of('recovery', 'backup')
      .filter(({ data }) => data.state === 'taken' && data.method === expectation.backup)
      .filter(({ data }) => data.taken_at <= destroyed.at)
      // A backup that ended after the moment that is restored cannot lead back to it.
      .filter(({ at }) => !expectation.point_in_time || at <= destroyed.at)
      .filter(({ subject }) => !refused.some((one) => one.subject === subject))
      .sort((left, right) => left.data.taken_at - right.data.taken_at)
      .at(-1)
  );
}

/** Damaged backups are refused, and it is said why; what is restored is the newest of the others. */
export const backupsRefused = rule(
  'backups-refused',
  'damaged backups are refused by name, and the newest good one is restored',
  (facts) => {
    const found = recoveryFacts(facts);
    const { expectation, destroyed } = found;
    const looked = facts.timeline
      .of('recovery', 'backup')
      .filter(({ data, at }) => data.state !== 'taken' && at >= destroyed.at);
    if (looked.length === 0) throw new MissingEvidence('no restore looked at any backup');
    const refused = looked.filter(({ data }) => data.state === 'refused');
    const restored = looked.filter(({ data }) => data.state === 'restored');
    const newest = newestGood(facts, found, refused);
    if (!newest) throw new MissingEvidence('no good backup was seen to be taken before the loss');
    const [first] = restored;
    const unexplained = refused.filter(({ data }) => data.note.trim() === '');
    const problems = [
      ...(refused.length === expectation.backups_refused
        ? []
        : [`${refused.length} backups were refused, not ${expectation.backups_refused}`]),
      ...unexplained.map(({ subject }) => `${subject} was refused without a reason`),
      ...(restored.length === 1 ? [] : [`${restored.length} backups were restored, not 1`]),
      ...(first && first.data.method !== expectation.backup
        ? [`${first.subject} is a backup by ${first.data.method}, not by ${expectation.backup}`]
        : []),
      ...(first && first.subject !== newest.subject
        ? [`restored was ${aged(first, found)}, although ${aged(newest, found)}, was there`]
        : []),
    ];
    const said = refused.map(({ subject, data }) => `refused ${subject}: ${data.note}`);
    return {
      outcome: problems.length === 0 ? 'pass' : 'fail',
      reason: [
        ...(problems.length === 0 ? [] : problems),
        ...said,
        ...restored.map((one) => `restored ${aged(one, found)}`),
      ].join('; '),
      limit: `${expectation.backups_refused} refused, each with a reason, then the newest good one`,
      measured: `${refused.length} refused, ${restored.length} restored`,
      derivation: `${aged(newest, found)}, is the newest that was not refused`,
      evidence: [newest.seq, ...looked.map(({ seq }) => seq)],
      items: [...problems, ...said],
    };
  },
);
