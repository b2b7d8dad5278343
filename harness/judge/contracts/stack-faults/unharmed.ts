import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import type { Rule } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';

interface Span {
  readonly from: number;
  readonly to: number;
  readonly seq: number;
  readonly fault: string;
}

/** When each fault was on: from its injection until it was healed, or the end of the load. */
function spans(facts: Facts): readonly Span[] {
  const { timeline } = facts;
  return timeline
    .of('fault', 'proven_on')
    .map(({ subject, seq, data }) => {
      const injected = timeline
        .of('fault', 'injected')
        .findLast((one) => one.subject === subject && one.seq < seq);
      const off = timeline.of('fault', 'proven_off').find((one) => one.subject === subject && one.seq > seq);
      return {
        from: injected?.at ?? facts.shipped.at,
        to: off?.at ?? facts.load_end,
        seq,
        fault: data.fault,
      };
    })
    .filter(({ to }) => to > facts.shipped.at);
}

/**
 * A good release was promoted although a part of its own stack was broken on the way, and whoever asked meanwhile was
 * answered well. What users met is the load generator's word; the end is read whenever the API server answers again.
 */
export function unharmed(id: string): Rule {
  return contractRule(id, (facts) => {
    facts.requireRollout();
    const broken = spans(facts);
    if (broken.length === 0) throw new MissingEvidence('no fault was proven to be on after shipping');
    const promoted = facts.endState('promotion');
    const back = facts.endState('rollback');
    const failed = facts.seconds
      .filter(({ at, data }) => broken.some(({ from, to }) => at > from && data.from < to))
      .flatMap(({ seq, data }) => data.series.filter(({ bad }) => bad).map(({ count }) => ({ seq, count })));
    const lost = failed.reduce((sum, { count }) => sum + count, 0);
    const on_s = broken.reduce((sum, { from, to }) => sum + (to - from) / 1000, 0);
    const problem = back
      ? `the good release was rolled back ${((back.at - facts.shipped.at) / 1000).toFixed(1)} s after shipping`
      : promoted === undefined
        ? 'it was not promoted'
        : lost > 0
          ? `${lost} requests failed meanwhile`
          : undefined;
    const names = [...new Set(broken.map(({ fault }) => fault))].join(', ');
    return {
      outcome: problem === undefined ? 'pass' : 'fail',
      reason:
        problem ??
        `promoted ${(((promoted?.at ?? 0) - facts.shipped.at) / 1000).toFixed(1)} s after shipping; ${names} was on for ${on_s.toFixed(1)} s, and no request failed meanwhile`,
      limit: 'promoted, and no failed request while the fault is on',
      measured: `${lost} failed requests in ${on_s.toFixed(1)} s`,
      evidence: [
        ...broken.map(({ seq }) => seq),
        ...failed.map(({ seq }) => seq),
        ...(promoted ? [promoted.seq] : []),
        ...(back ? [back.seq] : []),
      ],
    };
  });
}
