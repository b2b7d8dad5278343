import type { ArgoSpec, RolloutEnding } from '#harness/core/rollout-spec.ts';
import type { EpochMs, RecordOf } from '#harness/core/timeline.ts';
import { topWeight_pct } from '#harness/judge/budgets.ts';
import { endOf } from '#harness/judge/endings.ts';
import type { Harm } from './harm.ts';
import { firstAnswerOfNext, messageAt, type Milestone, step, withdrawalOf } from './milestone.ts';
import { isCanary, type RunFacts } from './run-facts.ts';

type ObjectRecord = RecordOf<'kubernetes', 'object'>;

/** The split of the time from shipping to the end state of a rollout by Argo Rollouts. */
export function argoMilestonesOf(
  facts: RunFacts,
  spec: ArgoSpec,
  harm: Harm | undefined,
): readonly Milestone[] {
  const all = facts.timeline.of('kubernetes', 'object');
  const from = facts.shipped_at ?? Number.POSITIVE_INFINITY;
  const objects = all.filter((record) => record.at >= from);
  const rollout = objects.filter((record) => isCanary(record.subject, spec));
  const before = all.findLast((record) => record.at < from && isCanary(record.subject, spec))?.data.fields;
  const endAt = (expected: RolloutEnding): EpochMs | undefined => {
    const ended = endOf(spec, expected, before);
    return rollout.find((record) => ended(record.data.fields))?.at;
  };
  const seen = rollout.find((record) => record.data.fields['canary'] !== before?.['canary']);
  const pods = objects.filter((record) => record.subject.startsWith(`Pod/${spec.namespace}/`));
  const ready = pods.find(
    ({ data }) => data.fields['release'] === spec.next_release && data.fields['ready'] === true,
  );
  const start: Milestone[] = [
    step('shipped', 'Release shipped', 'harness', facts.shipped_at, undefined),
    step('seen', 'Seen by the controller', 'Rollout status', seen?.at, 'shipped'),
    step('ready', 'First pod ready', 'pods', ready?.at, 'seen'),
  ];
  if (spec.expected === 'promotion') {
    const weight = (least_pct: number): EpochMs | undefined =>
      facts.weights.find((change) => change.at >= from && change.canary_pct >= least_pct)?.at;
    const promoted_at = endAt('promotion');
    const source = spec.strategy === 'canary' ? 'gateway' : 'active Service';
    const top: Milestone[] =
      spec.strategy === 'canary'
        ? [step('top-weight', 'Highest weight reached', source, weight(topWeight_pct(spec)), 'first-answer')]
        : [];
    return [
      ...start,
      step('first-answer', 'First answer by the new release', 'load', firstAnswerOfNext(facts), 'ready'),
      ...top,
      step('promoting', 'Given all users', source, weight(100), top[0]?.id ?? 'first-answer'),
      step('promoted', 'Promoted', 'Rollout status', promoted_at, 'promoting'),
      step('gone', 'Old pods gone', 'pods', lastGoneAt(pods, spec.stable_release, promoted_at), 'promoted'),
      step('told', 'Message received', 'chat', completedAt(facts, from), 'promoted'),
    ];
  }
  const failing = objects.find(
    ({ subject, data }) =>
      subject.startsWith(`AnalysisRun/${spec.namespace}/`) &&
      Object.entries(data.fields).some(([name, value]) => name.endsWith('.failed') && Number(value) > 0),
  );
  const aborted_at = endAt('rollback');
  const withdrawal = withdrawalOf(facts, harm);
  return [
    ...start,
    step(
      'first-bad',
      'First bad answer',
      'load',
      harm?.first_bad_at,
      'ready',
      harm && 'no bad answer was seen',
    ),
    step('failing', 'First failed measurement', 'AnalysisRun status', failing?.at, 'first-bad'),
    step('aborted', 'Aborted', 'Rollout status', aborted_at, 'failing'),
    step(
      'withdrawn',
      'Traffic withdrawn',
      'load: last bad answer',
      withdrawal.at,
      'aborted',
      withdrawal.absent,
    ),
    step('gone', 'Canary pods gone', 'pods', lastGoneAt(pods, spec.next_release, aborted_at), 'withdrawn'),
    step('told', 'Message received', 'chat', messageAt(facts, failing?.at, ['danger']), 'failing'),
  ];
}

/** When the last pod of a release was gone; undefined while one of those that were seen lives. */
function lastGoneAt(
  pods: readonly ObjectRecord[],
  release: string,
  since: EpochMs | undefined,
): EpochMs | undefined {
  if (since === undefined) return undefined;
  const last = new Map<string, ObjectRecord>();
  for (const pod of pods) if (pod.data.fields['release'] === release) last.set(pod.subject, pod);
  const states = [...last.values()];
  if (states.length === 0 || states.some(({ data }) => data.verb !== 'deleted')) return undefined;
  return states.reduce((latest, { at }) => Math.max(latest, at), 0);
}

/** The message that the release completed; those about its steps say the same of a step. */
function completedAt(facts: RunFacts, from: EpochMs): EpochMs | undefined {
  return facts.timeline
    .of('chat', 'message')
    .find(
      ({ at, subject, data }) =>
        at >= from && isCanary(subject, facts.spec) && / completed$/m.test(data.text),
    )?.at;
}
