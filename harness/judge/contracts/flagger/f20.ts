import { WITHDRAWAL_SLACK_S } from '../../budgets.ts';
import { rolloutSubject } from '../../endings.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { atMost } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';
import { type Breach, type ObjectRecord, RECORDED_MS, stateAt, unlessBroken } from './seen.ts';

/** Name of the act that changes a map which opted out, where a run has it. */
const OPT_OUT = 'change what opted out';

/** States of the copies that Flagger keeps for the primary, by the name of what they copy. */
function copies(facts: Facts): ReadonlyMap<string, readonly ObjectRecord[]> {
  const { namespace } = facts.spec;
  const suffix = '-primary';
  const found = facts.timeline
    .of('kubernetes', 'object')
    .filter(
      ({ subject }) =>
        (subject.startsWith(`ConfigMap/${namespace}/`) || subject.startsWith(`Secret/${namespace}/`)) &&
        subject.endsWith(suffix),
    );
  return Map.groupBy(found, ({ subject }) => subject.slice(0, -suffix.length));
}

/** A map that opted out was changed: until the release was shipped nothing began. */
function startedByOptOut(facts: Facts): Breach | undefined {
  const changed = facts.timeline
    .of('harness', 'phase')
    .find(({ subject, data }) => subject === OPT_OUT && data.state === 'done');
  if (!changed) return undefined;
  const { shipped, flagger } = facts;
  const watched_s = (shipped.at - changed.at) / 1000;
  if (watched_s < flagger.interval_s) {
    throw new MissingEvidence(
      `after a map that opted out was changed, ${watched_s.toFixed(1)} s passed, less than a tick`,
    );
  }
  const subject = rolloutSubject(facts.spec);
  const began = facts.timeline
    .of('kubernetes', 'object')
    .find(
      (record) =>
        record.subject === subject &&
        record.at > changed.at &&
        record.at < shipped.at &&
        record.data.fields.phase === 'Progressing',
    );
  return began
    ? { reason: 'a map that opted out of tracking started an analysis', evidence: [changed.seq, began.seq] }
    : undefined;
}

/** No copy changes between two moments. */
function changedBetween(facts: Facts, from: number, to: number): readonly Breach[] {
  return [...copies(facts)].flatMap(([original, states]) => {
    const before = stateAt(states, from);
    const changed = states.find(
      ({ at, data }) =>
        at > from &&
        at < to - RECORDED_MS &&
        before !== undefined &&
        data.fields.content !== before.data.fields.content,
    );
    return changed
      ? [{ reason: `the primary's copy of ${original} changed without a promotion`, evidence: [changed.seq] }]
      : [];
  });
}

/** After the last promotion each copy holds what its original holds. */
function leftBehind(facts: Facts): readonly Breach[] {
  return [...copies(facts)].flatMap(([original, states]) => {
    const own = facts.timeline.of('kubernetes', 'object').findLast(({ subject }) => subject === original);
    const copy = states.at(-1);
    if (own === undefined || copy === undefined) return [];
    return own.data.fields.content === copy.data.fields.content
      ? []
      : [
          {
            reason: `after the promotion the primary's copy of ${original} is not what it copies`,
            evidence: [own.seq, copy.seq],
          },
        ];
  });
}

/** The primary's init containers read the copies as its other containers do, not the originals. */
function initContainers(facts: Facts): readonly Breach[] {
  const { namespace, app } = facts.spec;
  const primary = facts.timeline
    .of('kubernetes', 'object')
    .findLast(({ subject }) => subject === `Deployment/${namespace}/${app}-primary`);
  const copied = new Set([...copies(facts).keys()].map((original) => original.split('/').at(-1)));
  const originals = String(primary?.data.fields.init_references ?? '')
    .split(' ')
    .filter((name) => copied.has(name));
  return originals.map((name) => ({
    reason: `an init container of the primary reads ${name} itself, not the primary's copy`,
    evidence: primary ? [primary.seq] : [],
  }));
}

/** Judged from the content of maps, Secrets and their copies, and from the Canary's phases. */
export const f20 = contractRule('F20', (facts) => {
  facts.requireObserver('kubernetes');
  facts.requireObserver('configuration');
  const { interval_s } = facts.flagger;
  const { shipped } = facts;
  const began = facts.rollout_states.find(({ data }) => data.fields.phase === 'Progressing');
  const limit_s = interval_s + WITHDRAWAL_SLACK_S;
  const took_s = began ? (began.at - shipped.at) / 1000 : Number.POSITIVE_INFINITY;
  const limit = `an analysis ${atMost(limit_s, 's')} after the change, the primary's copies unchanged until a promotion`;
  const started: Breach | undefined =
    took_s <= limit_s
      ? undefined
      : {
          reason: began
            ? `the change of ${shipped.subject} started an analysis only after ${took_s.toFixed(1)} s`
            : `the change of ${shipped.subject} started no analysis`,
          evidence: [shipped.seq, ...(began ? [began.seq] : [])],
        };
  if (started) return unlessBroken([started], { reason: '', limit, measured: started.reason });
  const kept = copies(facts);
  if (kept.size === 0) throw new MissingEvidence('no copy of a map or Secret was observed');
  const promoting = facts.rollout_states.find(({ data }) => data.fields.phase === 'Promoting');
  const promoted = facts.rollout_states.findLast(({ data }) => data.fields.phase === 'Succeeded');
  if (!promoting || !promoted) throw new MissingEvidence('no promotion was observed');
  const failed = facts.endState('rollback');
  return unlessBroken(
    [
      startedByOptOut(facts),
      ...changedBetween(facts, shipped.at, promoting.at),
      ...leftBehind(facts),
      ...initContainers(facts),
    ],
    {
      reason: `the change of ${shipped.subject} started an analysis after ${took_s.toFixed(1)} s; ${kept.size} copies stayed as they were ${failed ? 'through the rollback ' : ''}until the promotion, and hold what they copy since`,
      limit,
      measured: `${took_s.toFixed(1)} s, ${kept.size} copies`,
      derivation: `interval ${interval_s} s + ${WITHDRAWAL_SLACK_S} s`,
      evidence: [
        shipped.seq,
        ...(began ? [began.seq] : []),
        promoting.seq,
        ...[...kept.values()].flatMap((states) => states.map(({ seq }) => seq)),
      ],
    },
  );
});
