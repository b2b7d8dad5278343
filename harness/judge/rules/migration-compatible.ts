import { firstBegun, isBlamable, isRefusedOnPurpose } from '../migration-facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';
import { secondsText } from '../seconds-text.ts';

/** The server's clock and the load's are one machine's; a session writes its line a moment after the answer. */
const SLACK_MS = 500;
/** The last second of a load may have been cut short, and its record says when it would have ended. */
const SECOND_MS = 1_000;

/**
 * From the first migration on no release but the one that is bad by construction fails, and the database refuses the
 * service no statement. Where it does, the reason says since when, and what the server said: an error that begins with
 * the migration is the migration's.
 */
export const migrationCompatible = rule(
  'migration-compatible',
  'every release that is there goes on with the schema that it finds',
  (facts) => {
    const expectation = facts.expectation('migration');
    const { name, begun } = firstBegun(facts);
    const log = facts.timeline.of('database', 'errors').at(-1);
    if (!log) throw new MissingEvidence("nobody read the database's log");
    if (log.data.from > begun.at || log.data.to < facts.load_end - SECOND_MS) {
      throw new MissingEvidence("the database's log was not read from the migration to the end of the load");
    }
    const bad = facts
      .series((series) => isBlamable(expectation, series) && series.last_at >= begun.at)
      .filter(({ series }) => !isRefusedOnPurpose(expectation, series));
    const count = bad.reduce((sum, { series }) => sum + series.count, 0);
    const errors = log.data.errors.filter(({ last_at }) => last_at >= begun.at - SLACK_MS);
    const since = (at: number): string =>
      at < begun.at
        ? `${secondsText(begun.at - at)} before ${name} began`
        : `${secondsText(at - begun.at)} after ${name} began`;
    const kinds = [...Map.groupBy(bad, ({ series }) => `${series.release} with status ${series.status}`)].map(
      ([kind, all]) => {
        const times = all.reduce((sum, { series }) => sum + series.count, 0);
        const first = Math.min(...all.map(({ series }) => series.first_at));
        return `${times} requests of ${kind} failed, the first ${since(first)}`;
      },
    );
    const said = errors.map(
      (one) =>
        `PostgreSQL refused ${one.count} statements with ${one.sqlstate} (${one.message}), the first ${since(one.first_at)}`,
    );
    const holds = count === 0 && errors.length === 0;
    return {
      outcome: holds ? 'pass' : 'fail',
      reason: holds
        ? `no request failed and no statement was refused in the ${secondsText(facts.load_end - begun.at)} after ${name} began`
        : [...kinds, ...said].join('; '),
      limit: '0 failed requests, 0 refused statements',
      measured: `${count} failed requests, ${errors.reduce((sum, one) => sum + one.count, 0)} refused statements`,
      derivation:
        expectation.bad_release === undefined
          ? 'whichever release answered'
          : `but for answers of ${expectation.bad_release}, which is bad by construction`,
      evidence: [begun.seq, log.seq, ...bad.map(({ seq }) => seq)],
      items: [...kinds, ...said],
    };
  },
);
