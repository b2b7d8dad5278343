import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

/**
 * Nobody noticed: every answer from the end of the warm-up to the end of the load was the promised one, whichever
 * release gave it. What failed is counted by release and status.
 */
export const noFailedRequest = rule('no-failed-request', 'no request fails', (facts) => {
  const started = facts.timeline.of('load', 'started')[0];
  if (!started) throw new MissingEvidence('no load was started');
  const from = started.at + (started.data.warm_up_s ?? 0) * 1000;
  const seconds = facts.seconds.filter((second) => second.data.from >= from);
  const all = seconds.flatMap((second) =>
    second.data.series.map((series) => ({ series, at: second.at, seq: second.seq })),
  );
  const total = all.reduce((sum, { series }) => sum + series.count, 0);
  if (total === 0) throw new MissingEvidence('no answer was measured after the warm-up');
  const failed = all.filter(({ series }) => series.bad);
  const count = failed.reduce((sum, { series }) => sum + series.count, 0);
  const kinds = new Map<string, number>();
  for (const { series } of failed) {
    const kind = series.status === 0 ? 'without an answer' : `status ${series.status} of ${series.release}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + series.count);
  }
  const counted = [...kinds].map(([kind, times]) => `${times} ${kind}`).join(', ');
  const begun = facts.act_began.at;
  const first_s = Math.min(...failed.map(({ series }) => (series.first_at - begun) / 1000));
  return {
    outcome: count === 0 ? 'pass' : 'fail',
    reason:
      count === 0
        ? `${total} answers, all of them good`
        : `${count} of ${total} requests failed: ${counted}; the first ${first_s.toFixed(1)} s after the act began`,
    limit: '<= 0 requests',
    measured: `${count} requests`,
    evidence: (count === 0 ? [started] : failed).map(({ seq }) => seq),
  };
});
