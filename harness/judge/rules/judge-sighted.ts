import type { EpochMs, Timeline } from '#harness/core/timeline.ts';
import { Facts } from '../facts.ts';
import { measurementsOf } from '../measurements.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';
import { EXTRAPOLATION_PP } from './judge-saw.ts';

/** Fewest answers of the release on which a decision of the controller can be called wrong. */
const ANSWERS_MIN = 20;

/** One moment at which the controller made up its mind about the release. */
interface Decision {
  readonly at: EpochMs;
  readonly seq: number;
  /** What it took the release for; `blind` when it says itself that it had no value. */
  readonly took_for: 'good' | 'bad' | 'blind';
  /** Its own words. */
  readonly words: string;
}

/** As Flagger words them (pkg/controller/scheduler.go and scheduler_metrics.go, 1.44). */
function flaggerDecisions(facts: Facts): readonly Decision[] {
  return facts.rollout_events.flatMap(({ at, seq, data }): Decision[] => {
    const { message } = data;
    const decision = { at, seq, words: message };
    if (/^(?:Advance \S+ canary weight|Copying \S+ template spec)/.test(message))
      return [{ ...decision, took_for: 'good' }];
    if (/^Halt \S+ advancement \S+ -?[\d.]+ [<>] /.test(message)) return [{ ...decision, took_for: 'bad' }];
    if (/^Halt advancement no values found|query failed/i.test(message))
      return [{ ...decision, took_for: 'blind' }];
    return [];
  });
}

function argoDecisions(facts: Facts): readonly Decision[] {
  return measurementsOf(facts)
    .filter(({ metric }) => metric === facts.spec.check.name)
    .map(({ at, seq, phase, received, value }) => ({
      at,
      seq,
      took_for: phase === 'Successful' ? 'good' : value === undefined ? 'blind' : 'bad',
      words: `measurement ${phase}, received ${received === '' ? 'nothing' : received}`,
    }));
}

/** What clients met of the release while the check looked back, and what its query gave then. */
function beside(facts: Facts, decision: Decision) {
  const { spec } = facts;
  const window_s = spec.controller === 'flagger' ? spec.interval_s : spec.window_s;
  const from = decision.at - (window_s + spec.scrape_interval_s) * 1000;
  // What comes after a decision had no part in it: the first weight is given before anything was met.
  const met = facts.countWithin(from, decision.at, spec.next_release);
  const value = facts.timeline
    .of('prometheus', 'series')
    .filter(({ subject }) => subject === spec.check.name)
    .flatMap(({ data }) => data.samples)
    .findLast(([at]) => at <= decision.at && at >= from)?.[1];
  return { decision, answers: met.of_release, met_pct: (met.bad / met.of_release) * 100, value };
}

/** Decisions that fell while clients met enough of the release to say what they should have been. */
function judgedDecisions(facts: Facts) {
  const decisions = facts.spec.controller === 'flagger' ? flaggerDecisions(facts) : argoDecisions(facts);
  return decisions.map((decision) => beside(facts, decision)).filter(({ answers }) => answers >= ANSWERS_MIN);
}

/** How many decisions of the controller can be judged so far; a run need not go on once there are some. */
export function decisionsSoFar(timeline: Timeline): number {
  return timeline.of('release', 'shipped').length === 0 || timeline.of('load', 'second').length === 0
    ? 0
    : judgedDecisions(new Facts(timeline)).length;
}

function queryOf(facts: Facts): string {
  const { name } = facts.spec.check;
  const sight = facts.timeline.of('prometheus', 'sight').find(({ subject }) => subject === name);
  const series = facts.timeline.of('prometheus', 'series').find(({ subject }) => subject === name);
  const query = sight?.data.query ?? series?.data.query;
  return query === undefined ? `check ${name}` : `check ${name}: ${query.replaceAll(/\s+/g, ' ')}`;
}

/**
 * The judge is judged while it is wrong: whenever the controller took the release for good, clients must have met a good one. A
 * check over a metric that does not exist, or of a label that nothing carries, finds every release good once it is guarded
 * (`or vector(0)`, `len(result) > 0`); unguarded it stops every release. Both are blind.
 */
export const judgeSighted = rule('judge-sighted', 'the controller sees what users meet', (facts) => {
  const { spec } = facts;
  facts.requireObserver('kubernetes');
  const max_pct = spec.check.max_pct + EXTRAPOLATION_PP;
  const all = judgedDecisions(facts);
  const limit = `0 decisions for a release that is over ${spec.check.max_pct} % bad`;
  const derivation = `what clients met in the window of each decision, and ${EXTRAPOLATION_PP} pp for extrapolation`;
  const evidence = all.map(({ decision }) => decision.seq);
  const wrong = all.filter(
    ({ decision, met_pct }) =>
      decision.took_for === 'blind' || (decision.took_for === 'good' && met_pct > max_pct),
  );
  const [first] = wrong;
  if (first) {
    const believed = first.value === undefined ? 'had no value' : `gave ${first.value.toFixed(1)} %`;
    return {
      outcome: 'fail',
      reason: `the controller is blind: "${first.decision.words}" while clients met ${first.met_pct.toFixed(1)} % bad answers; its query ${believed} (${queryOf(facts)})`,
      limit,
      measured: `${wrong.length} of ${all.length} decisions`,
      derivation,
      evidence,
    };
  }
  const seen = all.filter(({ decision }) => decision.took_for === 'bad');
  if (seen.length === 0) {
    throw new MissingEvidence('the controller decided nothing while clients met the release');
  }
  return {
    outcome: 'pass',
    reason: `it found the release bad ${seen.length} times, as clients met it: "${seen[0]?.decision.words ?? ''}"`,
    limit,
    measured: `0 of ${all.length} decisions`,
    derivation,
    evidence,
  };
});

/** The same before any harm: everything that the check reads is there before a release is shipped. */
export const judgeSightedBefore = rule(
  'judge-sighted-before',
  'what the check reads is there before a release is shipped',
  (facts) => {
    const { name } = facts.spec.check;
    const sight = facts.timeline
      .of('prometheus', 'sight')
      .find(({ subject, seq }) => subject === name && seq < facts.shipped.seq);
    if (!sight) throw new MissingEvidence(`nobody asked what check ${name} sees`);
    const { selectors, stands_in, query } = sight.data;
    const blind = selectors.filter(({ series, missing_labels }) => series === 0 || missing_labels.length > 0);
    const [first] = blind;
    const limit = 'samples of everything it reads, with every label it asks for';
    const measured = `${selectors.length - blind.length} of ${selectors.length} selectors`;
    if (first || selectors.length === 0) {
      const why = !first
        ? 'it reads nothing'
        : first.series === 0
          ? `there is no sample of ${first.selector}`
          : `no sample of ${first.selector} has a label ${first.missing_labels.join(' or ')}`;
      return {
        outcome: 'fail',
        reason: `check ${name} is blind: ${why} (${query.replaceAll(/\s+/g, ' ')})`,
        limit,
        measured,
        derivation: `asked with ${stands_in} in the canary's place`,
        evidence: [sight.seq],
      };
    }
    return {
      outcome: 'pass',
      reason: selectors.map(({ selector, series }) => `${selector}: ${series} series`).join('; '),
      limit,
      measured,
      derivation: `asked with ${stands_in} in the canary's place`,
      evidence: [sight.seq],
    };
  },
);
