import { rolloutSubject } from '../../endings.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { type Breach, objectStates, unlessBroken } from './seen.ts';

/** Ticks of the newer version that are needed to say that it started nothing. */
const TICKS_MIN = 2;

/** Phases in which a Canary rests. */
const RESTS: ReadonlySet<unknown> = new Set(['Initialized', 'Succeeded']);

/** From the moment at which the newer version ran until the next release was shipped, nothing was rolled out. */
export const f31 = contractRule('F31', (facts) => {
  facts.requireObserver('kubernetes');
  const { interval_s, app } = facts.flagger;
  const { shipped, timeline } = facts;
  const versions = timeline.of('harness', 'running_version').filter(({ subject }) => subject === 'flagger');
  const [older, newer] = versions;
  if (!older || !newer || older.data.reported_version === newer.data.reported_version) {
    throw new MissingEvidence('Flagger was not seen in two versions, one after the other');
  }
  const watched_s = (shipped.at - newer.at) / 1000;
  if (watched_s < TICKS_MIN * interval_s) {
    throw new MissingEvidence(
      `the newer version was watched for ${watched_s.toFixed(1)} s, less than ${TICKS_MIN} ticks`,
    );
  }
  const subject = rolloutSubject(facts.spec);
  const between = ({ at }: { readonly at: number }): boolean => at > older.at && at < shipped.at;
  const began = timeline
    .of('kubernetes', 'object')
    .filter((record) => record.subject === subject && between(record))
    .find(({ data }) => !RESTS.has(data.fields.phase));
  const scaled = objectStates(facts, `Deployment/${app}`).find(
    (record) => between(record) && Number(record.data.fields.replicas) > 0,
  );
  const primary = objectStates(facts, `Deployment/${app}-primary`);
  const generation = primary.findLast(({ at }) => at <= older.at)?.data.generation;
  const rolled = primary.find((record) => between(record) && record.data.generation !== generation);
  const way = `${older.data.reported_version} to ${newer.data.reported_version}`;
  const breaches: (Breach | undefined)[] = [
    began
      ? { reason: `the Canary went to phase ${String(began.data.fields.phase)}`, evidence: [began.seq] }
      : undefined,
    scaled ? { reason: 'the canary was scaled up', evidence: [scaled.seq] } : undefined,
    rolled ? { reason: "the primary's specification changed", evidence: [rolled.seq] } : undefined,
  ];
  return unlessBroken(breaches, {
    reason: `from ${way}: the Canary rested for ${watched_s.toFixed(1)} s under the newer version`,
    limit: 'no phase but Initialized or Succeeded, no pod of a canary, the primary unchanged',
    measured: `${way}, ${watched_s.toFixed(1)} s`,
    evidence: [older.seq, newer.seq, shipped.seq],
  });
});
