import { courses } from '../migration-facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

/**
 * A migration began only with a backup behind it that was fresh enough and had been restored elsewhere with the same
 * content; without one it was refused.
 */
export const backupFirst = rule(
  'backup-first',
  'no migration begins without a fresh backup that was restored and compared',
  (facts) => {
    const asked = courses(facts).filter(({ declared }) => declared.backup_within_s !== undefined);
    const restores = facts.timeline.of('database', 'scratch_restore');
    const found = asked.map(({ declared: { name, backup_within_s = 0 }, begun, refused }) => {
      const record = begun ?? refused;
      if (!record) throw new MissingEvidence(`nobody asked for ${name}`);
      const good = restores.findLast(
        ({ seq, data }) =>
          seq < record.seq &&
          data.state === 'same' &&
          data.rows > 0 &&
          record.at - data.taken_at <= backup_within_s * 1000,
      );
      const what = `${name} was ${begun ? 'begun' : 'refused'}`;
      const text = good
        ? `${what} with backup ${good.subject}, ${((record.at - good.data.taken_at) / 1000).toFixed(1)} s old, restored with ${good.data.rows} rows`
        : `${what} without a backup that was fresh and restored${refused ? `: ${refused.data.note}` : ''}`;
      return {
        text,
        right: begun ? good !== undefined : good === undefined,
        seqs: [record.seq, ...(good ? [good.seq] : [])],
      };
    });
    const wrong = found.filter(({ right }) => !right);
    return {
      outcome: wrong.length === 0 ? 'pass' : 'fail',
      reason: (wrong.length === 0 ? found : wrong).map(({ text }) => text).join('; '),
      limit: asked
        .map(({ declared }) => `${declared.name}: <= ${declared.backup_within_s ?? 0} s old`)
        .join(', '),
      measured: `${wrong.length} of ${found.length} wrong`,
      evidence: found.flatMap(({ seqs }) => seqs),
    };
  },
);
