import type { EpochMs, RecordOf } from '#harness/core/timeline.ts';
import { topWeight_pct } from '#harness/judge/budgets.ts';
import { argoMilestonesOf } from './argo-milestones.ts';
import type { Harm } from './harm.ts';
import { firstAnswerOfNext, messageAt, type Milestone, step, withdrawalOf } from './milestone.ts';
import { isCanary, type RunFacts } from './run-facts.ts';

export { type Milestone, step } from './milestone.ts';

type ObjectRecord = RecordOf<'kubernetes', 'object'>;

/** The split of the time from shipping to the end state, as the specification expects it. */
export function milestonesOf(facts: RunFacts, harm: Harm | undefined): readonly Milestone[] {
  if (facts.spec?.controller === 'argo-rollouts') return argoMilestonesOf(facts, facts.spec, harm);
  const objects = facts.timeline
    .of('kubernetes', 'object')
    .filter((record) => record.at >= (facts.shipped_at ?? Number.POSITIVE_INFINITY));
  const canary = objects.filter((record) => isCanary(record.subject, facts.spec));
  const phaseAt = (phases: readonly string[]): EpochMs | undefined =>
    canary.find((record) => phases.includes(String(record.data.fields['phase'])))?.at;

  const start: Milestone[] = [
    step('shipped', 'Release shipped', 'harness', facts.shipped_at, undefined),
    step('seen', 'Seen by the controller', 'Canary status', phaseAt(['Progressing', 'Waiting']), 'shipped'),
    step('ready', 'Canary ready', 'Deployment status', canaryReadyAt(facts, objects), 'seen'),
  ];
  if (facts.spec?.expected === 'promotion') {
    const top = facts.weights.find(
      (change) =>
        change.at >= facts.origin && change.canary_pct >= (facts.spec ? topWeight_pct(facts.spec) : 100),
    );
    const promoted_at = phaseAt(['Succeeded']);
    return [
      ...start,
      step('first-answer', 'First answer by the new release', 'load', firstAnswerOfNext(facts), 'ready'),
      step('top-weight', 'Highest weight reached', 'gateway', top?.at, 'first-answer'),
      step('promoting', 'Promotion started', 'Canary status', phaseAt(['Promoting']), 'top-weight'),
      step('promoted', 'Promoted', 'Canary status', promoted_at, 'promoting'),
      step('gone', 'Canary pods gone', 'pods', podsGoneAt(facts, objects, promoted_at), 'promoted'),
      step('told', 'Message received', 'chat', messageAt(facts, promoted_at, ['good']), 'promoted'),
    ];
  }
  const failing =
    canary.find((record) => Number(record.data.fields['failed_checks']) > 0) ?? firstHalt(facts);
  const withdrawal = withdrawalOf(facts, harm);
  const gone_at = podsGoneAt(facts, objects, withdrawal.at);
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
    step('failing', 'First failing check', 'Canary status', failing?.at, 'first-bad'),
    step(
      'withdrawn',
      'Traffic withdrawn',
      'load: last bad answer',
      withdrawal.at,
      'failing',
      withdrawal.absent,
    ),
    step('gone', 'Canary pods gone', 'pods', gone_at, 'withdrawn'),
    step('told', 'Message received', 'chat', messageAt(facts, failing?.at, ['danger', 'warning']), 'failing'),
  ];
}

function canaryReadyAt(facts: RunFacts, objects: readonly ObjectRecord[]): EpochMs | undefined {
  const { spec } = facts;
  if (!spec) return undefined;
  const deployment = `Deployment/${spec.namespace}/${spec.app}`;
  return objects.find(({ subject, data }) => {
    const replicas = Number(data.fields['replicas']);
    return subject === deployment && replicas > 0 && Number(data.fields['ready']) >= replicas;
  })?.at;
}

function firstHalt(facts: RunFacts): { readonly at: EpochMs } | undefined {
  return facts.timeline
    .of('kubernetes', 'event')
    .find(
      (record) =>
        record.at >= facts.origin &&
        isCanary(record.subject, facts.spec) &&
        record.data.message.startsWith('Halt'),
    );
}

function podsGoneAt(
  facts: RunFacts,
  objects: readonly ObjectRecord[],
  since: EpochMs | undefined,
): EpochMs | undefined {
  if (since === undefined || facts.next_release === undefined) return undefined;
  const deployment = facts.spec ? `${facts.spec.app}-primary-` : '-primary-';
  const living = new Set<string>();
  let gone_at: EpochMs | undefined;
  for (const { subject, data, at } of objects) {
    if (!subject.startsWith('Pod/') || data.fields['release'] !== facts.next_release) continue;
    if (subject.split('/').at(-1)?.startsWith(deployment)) continue;
    if (data.verb !== 'deleted') living.add(subject);
    else if (living.delete(subject) && living.size === 0) gone_at = at;
  }
  return living.size === 0 ? gone_at : undefined;
}
