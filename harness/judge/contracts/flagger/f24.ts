import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import {
  type Breach,
  declaredFrom,
  type ObjectRecord,
  objectStates,
  RECORDED_MS,
  stateAt,
  unlessBroken,
} from './seen.ts';

interface Span {
  readonly from: number;
  readonly to: number;
  readonly evidence: readonly number[];
}

function ends({ data: { fields } }: ObjectRecord): string {
  return `${String(fields.min)} to ${String(fields.max)}`;
}

/** Times in which a Deployment asked for more pods than were ready. */
function scaling(states: readonly ObjectRecord[], end: number): readonly Span[] {
  return states.flatMap((record, index) => {
    const { replicas, ready } = record.data.fields;
    if (Number(ready) >= Number(replicas)) return [];
    return [{ from: record.at, to: states[index + 1]?.at ?? end, evidence: [record.seq] }];
  });
}

/** Spans that touch become one. */
function joined(spans: readonly Span[]): readonly Span[] {
  const whole: Span[] = [];
  for (const span of spans) {
    const last = whole.at(-1);
    if (last?.to === span.from) {
      whole[whole.length - 1] = { ...last, to: span.to, evidence: [...last.evidence, ...span.evidence] };
    } else whole.push(span);
  }
  return whole;
}

function steppedWhileScaling(facts: Facts, spans: readonly Span[]): Breach | undefined {
  const declared = declaredFrom(facts, facts.shipped.seq);
  const early = declared.find(
    ({ at, data }, index) =>
      data.canary_pct > (declared[index - 1]?.data.canary_pct ?? 0) &&
      spans.some(({ from, to }) => at - RECORDED_MS > from && at < to),
  );
  if (!early) return undefined;
  return {
    reason: `the weight went to ${early.data.canary_pct} % while the canary was being scaled`,
    evidence: [early.seq],
  };
}

/** Judged from the autoscalers, the pods that each Deployment asked for and had, and the declared weights. */
export const f24 = contractRule('F24', (facts) => {
  const { interval_s, app } = facts.flagger;
  facts.requireObserver('kubernetes');
  const { shipped } = facts;
  const own = objectStates(facts, `HorizontalPodAutoscaler/${app}`);
  const primary = objectStates(facts, `HorizontalPodAutoscaler/${app}-primary`);
  const promoting = facts.rollout_states.find(({ data }) => data.fields.phase === 'Promoting');
  const first = stateAt(primary, shipped.at);
  const last = primary.at(-1);
  if (!promoting || !first || !last) {
    throw new MissingEvidence("the primary's autoscaler or the promotion was not observed");
  }
  const asked = own.find(({ at, data }) => {
    const before = stateAt(own, shipped.at);
    return (
      at > shipped.at &&
      at < promoting.at &&
      before !== undefined &&
      data.fields.min !== before.data.fields.min
    );
  });
  if (!asked) throw new MissingEvidence("the canary's autoscaler was not changed during the analysis");
  const spans = joined(scaling(objectStates(facts, `Deployment/${app}`), facts.load_end)).filter(
    ({ from }) => from > asked.at && from < promoting.at,
  );
  const longest_s = Math.max(0, ...spans.map(({ from, to }) => (to - from) / 1000));
  if (longest_s < interval_s) {
    throw new MissingEvidence(`the canary was scaled within ${longest_s.toFixed(1)} s, less than a tick`);
  }
  const workload = objectStates(facts, `Deployment/${app}-primary`);
  const had = Number(stateAt(workload, shipped.at)?.data.fields.replicas ?? 0);
  const shrunk = workload.find(({ at, data }) => at > shipped.at && Number(data.fields.replicas) < had);
  const early = primary.find(
    ({ at, data }) => at > shipped.at && at < promoting.at && data.fields.min !== first.data.fields.min,
  );
  const breaches: (Breach | undefined)[] = [
    early
      ? {
          reason: `the primary's autoscaler went to ${ends(early)} before the promotion`,
          evidence: [early.seq],
        }
      : undefined,
    ends(last) === ends(asked)
      ? undefined
      : {
          reason: `after the promotion the primary's autoscaler is at ${ends(last)}, not ${ends(asked)}`,
          evidence: [last.seq],
        },
    steppedWhileScaling(facts, spans),
    shrunk
      ? {
          reason: `the primary was shrunk from ${had} pods to ${String(shrunk.data.fields.replicas)}`,
          evidence: [shrunk.seq],
        }
      : undefined,
  ];
  return unlessBroken(breaches, {
    reason: `the primary's autoscaler went from ${ends(first)} to ${ends(last)} with the promotion only, the weight waited while the canary was scaled for ${longest_s.toFixed(1)} s, and the primary kept its ${had} pods`,
    limit: `the primary's autoscaler at ${ends(first)} until the promotion, no step while scaling, >= ${had} pods`,
    measured: `${longest_s.toFixed(1)} s of scaling without a step`,
    evidence: [asked.seq, promoting.seq, last.seq, ...spans.flatMap(({ evidence }) => evidence)],
  });
});
