import type { EpochMs, RecordOf } from '#harness/core/timeline.ts';
import type { Harm } from './harm.ts';
import { isCanary, type RunFacts } from './run-facts.ts';

/** One step of the time to roll back or to promote. */
export interface Milestone {
  readonly id: string;
  readonly label: string;
  /** What the moment was read from. */
  readonly source: string;
  readonly at: EpochMs | undefined;
  /** The step that this one waits for; its moment is where this step's duration starts. */
  readonly after: string | undefined;
  /** Why there is no moment, when the reason is known. */
  readonly absent?: string;
}

type ObjectRecord = RecordOf<'kubernetes', 'object'>;

/** How long the load must have gone on without a bad answer for the last one to count as the last. */
const QUIET_MS = 2_000;

/** The split of the time from shipping to the end state, as the specification expects it. */
export function milestonesOf(facts: RunFacts, harm: Harm | undefined): readonly Milestone[] {
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
      (change) => change.at >= facts.origin && change.canary_pct >= (facts.spec?.max_weight_pct ?? 100),
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

function step(
  id: string,
  label: string,
  source: string,
  at: EpochMs | undefined,
  after: string | undefined,
  absent?: string,
): Milestone {
  return { id, label, source, at, after, ...(at === undefined && absent !== undefined ? { absent } : {}) };
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

/** The last bad answer marks the withdrawal only where the load went on long enough afterwards to have seen another. */
function withdrawalOf(
  facts: RunFacts,
  harm: Harm | undefined,
): { readonly at: EpochMs | undefined; readonly absent: string | undefined } {
  const last_bad_at = harm?.last_bad_at;
  if (last_bad_at === undefined) return { at: undefined, absent: harm && 'no bad answer was seen' };
  const load_end = facts.timeline.of('load', 'second').at(-1)?.at ?? last_bad_at;
  if ((facts.weights.at(-1)?.canary_pct ?? 0) > 0) {
    return { at: undefined, absent: 'never: the canary kept its weight until the end' };
  }
  if (load_end - last_bad_at < QUIET_MS) return { at: undefined, absent: 'no data: the load ended first' };
  return { at: last_bad_at, absent: undefined };
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

/** The controller's own word about the release; other senders, such as an alert, do not count. */
function messageAt(
  facts: RunFacts,
  since: EpochMs | undefined,
  severities: readonly string[],
): EpochMs | undefined {
  if (since === undefined) return undefined;
  return facts.timeline
    .of('chat', 'message')
    .find(
      (record) =>
        record.at >= since &&
        severities.includes(record.data.severity) &&
        isCanary(record.subject, facts.spec),
    )?.at;
}

function firstAnswerOfNext(facts: RunFacts): EpochMs | undefined {
  const firsts = facts.timeline
    .of('load', 'second')
    .flatMap((record) => record.data.series)
    .filter((series) => series.release === facts.next_release)
    .map((series) => series.first_at);
  return firsts.length === 0 ? undefined : firsts.reduce((left, right) => Math.min(left, right));
}
