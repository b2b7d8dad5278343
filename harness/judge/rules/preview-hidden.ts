import { WITHDRAWAL_SLACK_S } from '../budgets.ts';
import { podsOfRelease } from '../pods.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

/** The clock of a watch may be late by some milliseconds. */
const WATCH_LATE_MS = 250;

/**
 * Contract A17: users meet a blue/green release only after the switch, and soon after it nothing but it. The preview
 * must have been there to be met before, else its hiding proves nothing.
 */
export const previewHidden = rule(
  'preview-hidden',
  'no user meets the preview before the switch',
  (facts) => {
    const spec = facts.argo;
    facts.requireObserver('gateway');
    facts.requireObserver('kubernetes');
    const switched = facts.weight_periods.find(
      (period) => period.canary_pct === 100 && period.from >= facts.shipped.at,
    );
    if (!switched) throw new MissingEvidence('users were never switched to the release');
    const release = { namespace: spec.namespace, release: spec.next_release };
    const pods = podsOfRelease(facts.timeline, release);
    const waiting = facts.timeline
      .of('kubernetes', 'object')
      .find(
        (record) =>
          pods.has(record.subject) && record.data.fields['ready'] === true && record.at < switched.from,
      );
    if (!waiting) throw new MissingEvidence('no pod of the preview was ready before the switch');
    const waited_s = (switched.from - waiting.at) / 1000;
    const early = facts.series(
      (series) => series.release === spec.next_release && series.first_at < switched.from - WATCH_LATE_MS,
    );
    const late_from = switched.from + WITHDRAWAL_SLACK_S * 1000;
    const late = facts.series(
      (series) => series.release === spec.stable_release && series.last_at > late_from,
    );
    const count = (found: typeof early): number => found.reduce((sum, { series }) => sum + series.count, 0);
    const measured = `${count(early)} answers before, ${count(late)} of ${spec.stable_release} after`;
    const holds = early.length === 0 && late.length === 0;
    return {
      outcome: holds ? 'pass' : 'fail',
      reason: holds
        ? `the preview was ready for ${waited_s.toFixed(1)} s and met by nobody; after the switch all met it`
        : `users met ${measured}`,
      limit: `0 answers before the switch, 0 of ${spec.stable_release} from ${WITHDRAWAL_SLACK_S} s after it`,
      measured,
      evidence: [waiting.seq, switched.seq, ...[...early, ...late].map(({ seq }) => seq)],
    };
  },
);
