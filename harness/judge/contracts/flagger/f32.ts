import { rolloutSubject } from '../../endings.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { actBegan, answersWithin, type Breach, objectStates, stateAt, unlessBroken } from './seen.ts';

/** Name of the act that makes the Canary. */
const MAKE = 'make the Canary';

/** From the moment at which the Canary was made until a release was shipped: who served, and what was lost. */
export const f32 = contractRule('F32', (facts) => {
  facts.requireObserver('kubernetes');
  const { app } = facts.flagger;
  const { shipped, timeline } = facts;
  const made = actBegan(facts, MAKE);
  const subject = rolloutSubject(facts.spec);
  const initialised = timeline
    .of('kubernetes', 'object')
    .find(
      (record) =>
        record.subject === subject && record.at > made.at && record.data.fields.phase === 'Initialized',
    );
  const span = { from: made.at, to: shipped.at };
  const answers = answersWithin(facts, span);
  if (answers === 0) throw new MissingEvidence('no load was measured while the Canary was made');
  const lost = facts
    .series(({ bad }) => bad)
    .filter(({ series }) => series.last_at >= span.from && series.first_at <= span.to);
  const count = lost.reduce((sum, { series }) => sum + series.count, 0);
  const taken_over = stateAt(objectStates(facts, `Deployment/${app}`), shipped.at);
  const breaches: (Breach | undefined)[] = [
    initialised ? undefined : { reason: 'the Canary was never initialised', evidence: [made.seq] },
    count > 0
      ? { reason: `${count} of ${answers} requests were lost`, evidence: lost.map(({ seq }) => seq) }
      : undefined,
    Number(taken_over?.data.fields.replicas) === 0
      ? undefined
      : {
          reason: 'the Deployment was not scaled to 0',
          evidence: taken_over ? [taken_over.seq] : [made.seq],
        },
  ];
  const took_s = initialised ? (initialised.at - made.at) / 1000 : Number.POSITIVE_INFINITY;
  return unlessBroken(breaches, {
    reason: `initialised ${took_s.toFixed(1)} s after the Canary was made; 0 of ${answers} requests were lost`,
    limit: '0 requests lost',
    measured: `${count} of ${answers}`,
    evidence: [made.seq, ...(initialised ? [initialised.seq] : []), shipped.seq],
  });
});
