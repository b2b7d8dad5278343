import { rule } from '../rule.ts';

/**
 * Every fault was seen to be there by a probe of its own, and to be gone after it was healed. One that did not take,
 * that stayed, or that its lease ended while the run still counted on it, proves nothing about the stack.
 */
export const faultsProven = rule('faults-proven', 'every fault took, and was healed', (facts) => {
  const { timeline } = facts;
  const began = timeline.of('fault', 'injected');
  const lapsed = (from: number, to: number, of: string): boolean =>
    timeline
      .of('fault', 'healed')
      .some(({ subject, seq, data }) => subject === of && seq > from && seq < to && data.by === 'lease');
  const missing = began.flatMap((injected) => {
    const next =
      began.find((other) => other.seq > injected.seq && other.subject === injected.subject)?.seq ?? Infinity;
    const follows = (kind: 'proven_on' | 'proven_off'): boolean =>
      timeline
        .of('fault', kind)
        .some(({ subject, seq }) => subject === injected.subject && seq > injected.seq && seq < next);
    return [
      ...(follows('proven_on') ? [] : [`${injected.subject} was not seen to take`]),
      ...(lapsed(injected.seq, next, injected.subject)
        ? [`${injected.subject} ended by its lease, before the run undid it`]
        : []),
      ...(follows('proven_off') ? [] : [`${injected.subject} was not seen to be healed`]),
    ];
  });
  return {
    outcome: missing.length === 0 ? 'pass' : 'inconclusive',
    reason: missing.length === 0 ? `${began.length} faults proven on and off` : missing.join('; '),
    limit: 'each proven on, and off after healing',
    measured: `${began.length} faults, ${missing.length} proofs missing`,
    evidence: began.map(({ seq }) => seq),
  };
});
