import type { EpochMs } from '#harness/core/timeline.ts';
import { WITHDRAWAL_SLACK_S } from '../../budgets.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { lastAt, numberOf, type ObjectRecord, statesOf } from './course.ts';

/** Longest time in which a Deployment must be given its pods back once its Rollout is gone, in seconds. */
const BACK_S = 5 + WITHDRAWAL_SLACK_S;

/** The fewest pods, the Deployment's and the Rollout's together, that were ready at one moment of a span. */
function fewestReady(facts: Facts, from: EpochMs, until: EpochMs): { count: number; seq: number } {
  const { namespace, app } = facts.argo;
  const ready = new Set<string>();
  let fewest = { count: Number.POSITIVE_INFINITY, seq: 0 };
  for (const { at, seq, subject, data } of facts.timeline.of('kubernetes', 'object')) {
    if (!subject.startsWith(`Pod/${namespace}/${app}-`) || at > until) continue;
    const serves =
      data.verb !== 'deleted' && data.fields['ready'] === true && data.fields['terminating'] !== true;
    if (serves) ready.add(subject);
    else ready.delete(subject);
    if (at >= from && ready.size < fewest.count) fewest = { count: ready.size, seq };
  }
  if (fewest.seq === 0) throw new MissingEvidence('no pod changed during the move');
  return fewest;
}

/** Why the Deployment's pods went otherwise than `scaleDown` says; undefined when they did not. */
function wrongWay(
  way: string,
  { deployment, rollout }: Readonly<Record<'deployment' | 'rollout', readonly ObjectRecord[]>>,
): string | undefined {
  const had = numberOf(deployment[0], 'replicas');
  const left = numberOf(deployment.at(-1), 'replicas');
  const first_down = deployment.find((state) => numberOf(state, 'replicas') < had);
  if (way === 'never') return first_down && `it was scaled down to ${numberOf(first_down, 'replicas')}`;
  if (left > 0) return `it still has ${left} pods`;
  const healthy = rollout.find(({ data }) => data.fields['phase'] === 'Healthy');
  if (way === 'onsuccess') {
    const early = first_down && (!healthy || first_down.seq < healthy.seq);
    return early ? 'it was scaled down before the Rollout was healthy' : undefined;
  }
  const hasty = deployment.find((state) => {
    const now = lastAt(rollout, state.at);
    return (
      numberOf(state, 'replicas') + numberOf(now, 'ready') < had && now?.data.fields['phase'] !== 'Healthy'
    );
  });
  return (
    hasty && `it had ${numberOf(hasty, 'replicas')} pods asked for while too few of the Rollout's were ready`
  );
}

/** How the Deployment was scaled down, the pods that were ready meanwhile, and what came of it with the act `remove rollout`. */
export const a22 = contractRule('A22', (facts) => {
  const { namespace, app } = facts.argo;
  const rollout = statesOf(facts);
  const deployment = facts.timeline
    .of('kubernetes', 'object')
    .filter(({ subject }) => subject === `Deployment/${namespace}/${app}`);
  const first = rollout.find(({ data }) => data.fields['scale_down'] !== undefined);
  const had = numberOf(deployment[0], 'replicas');
  if (!first) throw new MissingEvidence('the Rollout refers to no Deployment');
  if (had === 0) throw new MissingEvidence('no Deployment with pods was observed before the move');
  const way = String(first.data.fields['scale_down']);
  const removal = facts.timeline
    .of('harness', 'phase')
    .find(({ subject, data }) => subject === 'remove rollout' && data.state === 'done');
  const until = removal?.at ?? facts.load_end;
  const fewest = fewestReady(facts, first.at, until);
  const before = deployment.filter(({ at }) => at <= until);
  const wrong = wrongWay(way, {
    deployment: before,
    rollout: rollout.filter(({ seq, at }) => seq >= first.seq && at <= until),
  });
  const back = deployment.find(
    (state) => removal && state.at > removal.at && numberOf(state, 'replicas') >= had,
  );
  const watched_s = (facts.load_end - until) / 1000;
  const left = removal && !back && watched_s > BACK_S;
  const problem =
    fewest.count < had
      ? `at one moment ${fewest.count} of ${had} pods were ready`
      : wrong !== undefined
        ? `scaleDown ${way}: ${wrong}`
        : left
          ? `the Deployment still has ${numberOf(deployment.at(-1), 'replicas')} of ${had} pods ${watched_s.toFixed(1)} s after the Rollout was removed`
          : undefined;
  const last = deployment.at(-1);
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason: problem ?? `scaleDown ${way}: never fewer than ${fewest.count} of ${had} pods ready`,
    limit: `>= ${had} ready pods throughout, scaled down as "${way}" says${removal ? `, back within ${BACK_S} s of the removal` : ''}`,
    measured: `${fewest.count} ready pods at the least`,
    evidence: [first.seq, fewest.seq, ...(last ? [last.seq] : []), ...(removal ? [removal.seq] : [])],
  };
});
