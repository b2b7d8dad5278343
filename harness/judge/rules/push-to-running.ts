import type { DeliveryExpectation } from '#harness/core/expectation.ts';
import type { EpochMs } from '#harness/core/timeline.ts';
import { deliveryFacts, isOf } from '../delivery-facts.ts';
import type { Facts } from '../facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { atMost, type Finding, rule } from '../rule.ts';

/** A repository is asked at its interval, give or take a twentieth, and answers within this time, in seconds. */
const FETCH_S = 3;
const JITTER = 1.05;

interface Step {
  readonly name: string;
  readonly at: EpochMs | undefined;
  readonly seq: number | undefined;
  /** Longest time from the push, in seconds. */
  readonly within_s: number;
}

type Seen = { readonly at: EpochMs; readonly seq: number } | undefined;

function firstReadyPod(facts: Facts, { namespace, release }: DeliveryExpectation, from: EpochMs): Seen {
  return facts.timeline
    .of('kubernetes', 'object')
    .find(
      ({ subject, at, data }) =>
        at >= from &&
        subject.startsWith(`Pod/${namespace}/`) &&
        data.fields['release'] === release &&
        data.fields['ready'] === true,
    );
}

/** A pod does not name the configuration that it reads, but its answers do. */
function firstAnswer(facts: Facts, release: string): Seen {
  const [first] = facts.series((series) => series.release === release);
  return first && { at: first.series.first_at, seq: first.seq };
}

/** From the push to the first ready pod: fetched, applied, running, each within what the declared intervals allow. */
export const pushToRunning = rule(
  'push-to-running',
  'the commit runs within the time that the declared intervals allow',
  (facts): Finding => {
    const { expectation, commit, source, applier } = deliveryFacts(facts);
    const { release, source_interval_s, apply_s, start_s } = expectation;
    const { revision } = commit.data;
    const fetched = source.find(({ data }) => isOf(data.fields['revision'], revision));
    const applied = applier.find(({ data }) => isOf(data.fields['revision'], revision));
    const running = firstReadyPod(facts, expectation, commit.at) ?? firstAnswer(facts, release);
    const fetch_s = source_interval_s * JITTER + FETCH_S;
    const steps: readonly Step[] = [
      { name: 'fetched', at: fetched?.at, seq: fetched?.seq, within_s: fetch_s },
      { name: 'applied', at: applied?.at, seq: applied?.seq, within_s: fetch_s + apply_s },
      { name: 'running', at: running?.at, seq: running?.seq, within_s: fetch_s + apply_s + start_s },
    ];
    const took_s = ({ at }: Step): number | undefined =>
      at === undefined ? undefined : (at - commit.at) / 1000;
    const late = steps.find((step) => (took_s(step) ?? Number.POSITIVE_INFINITY) > step.within_s);
    const last = steps.at(-1);
    if (last === undefined) throw new MissingEvidence('nothing is asked of the commit');
    const told = steps.map((step) => `${step.name} ${took_s(step)?.toFixed(1) ?? 'never'} s`).join(', ');
    return {
      outcome: late ? 'fail' : 'pass',
      reason: late
        ? `${late.name} ${took_s(late)?.toFixed(1) ?? 'never'} s after the push, not within ${late.within_s.toFixed(1)} s`
        : `after the push: ${told}`,
      limit: atMost(last.within_s, 's'),
      measured: `${took_s(last)?.toFixed(1) ?? 'never'} s`,
      derivation: `source interval x ${JITTER} + ${FETCH_S} s to fetch, + ${apply_s} s to apply, + ${start_s} s until a pod is ready`,
      evidence: [commit.seq, ...steps.flatMap(({ seq }) => seq ?? [])],
    };
  },
);
