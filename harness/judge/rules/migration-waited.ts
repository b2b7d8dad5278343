import { podsOfRelease } from '../pods.ts';
import { courses } from '../migration-facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';
import { Timeline, type RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../facts.ts';

/** A Deployment's pods are watched, and so are those of its Flagger primary: what the watch said last counts. */
function livingAt(facts: Facts, release: string, at: RecordOf<'database', 'migration'>): readonly string[] {
  const { namespace } = facts.expectation('migration');
  // What happened before it; a record that came later may be of a pod that was gone by then.
  const earlier = new Timeline(facts.timeline.records.filter((record) => record.seq < at.seq));
  return [...podsOfRelease(earlier, { namespace, release })]
    .filter(([, record]) => record.data.verb !== 'deleted')
    .map(([subject]) => subject);
}

/**
 * A migration that takes away what a release knows began only once no pod of that release lived, by the watch of the
 * pods; and one that was refused for such a pod was refused rightly.
 */
export const migrationWaited = rule(
  'migration-waited',
  'what an old release knows is taken away only once no pod of it lives',
  (facts) => {
    facts.requireObserver('kubernetes');
    const asked = courses(facts).filter(({ declared }) => (declared.retires ?? []).length > 0);
    const moments = asked.flatMap(({ declared, begun, refused }) => {
      const record = begun ?? refused;
      return record ? [{ declared, record, begun: begun !== undefined }] : [];
    });
    if (moments.length === 0) throw new MissingEvidence('no migration that retires a release was asked for');
    for (const { declared } of moments) {
      for (const release of declared.retires ?? []) {
        const { namespace } = facts.expectation('migration');
        if (podsOfRelease(facts.timeline, { namespace, release }).size === 0) {
          throw new MissingEvidence(`no pod of release ${release} was ever seen`);
        }
      }
    }
    const found = moments.map(({ declared, record, begun }) => {
      const living = (declared.retires ?? []).flatMap((release) => livingAt(facts, release, record));
      const what = `${declared.name} was ${begun ? 'begun' : 'refused'}`;
      const right = begun ? living.length === 0 : living.length > 0;
      const who = living.length === 0 ? 'no pod of the old release lived' : `${living.join(', ')} lived`;
      return { right, text: `${what} while ${who}`, seq: record.seq };
    });
    const wrong = found.filter(({ right }) => !right);
    return {
      outcome: wrong.length === 0 ? 'pass' : 'fail',
      reason: (wrong.length === 0 ? found : wrong).map(({ text }) => text).join('; '),
      limit: '0 pods of the releases that it retires',
      measured: `${wrong.length} of ${found.length} wrong`,
      evidence: found.map(({ seq }) => seq),
    };
  },
);
