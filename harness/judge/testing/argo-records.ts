import { syntheticArgoRun } from '#harness/core/testing/synthetic-argo.ts';
import { type Draft, type KubernetesObjectData, Timeline } from '#harness/core/timeline.ts';

type Timed = Draft & { readonly at: number };
type Fields = KubernetesObjectData['fields'];

/** The specification of a made-up canary by Argo Rollouts. */
const SPEC = new Timeline(syntheticArgoRun()).of('harness', 'spec')[0]?.data;

/** What a handful of records are about: the namespace of made-up runs. */
export const NAMESPACE = SPEC?.namespace ?? '';

/** Seconds on the clock of a made-up run, in ms. */
export const at = (seconds: number): number => 1_700_000_000_000 + seconds * 1000;

/** A state of an object. */
export function object(
  seconds: number,
  subject: string,
  fields: Fields,
  verb: KubernetesObjectData['verb'] = 'modified',
): Timed {
  return {
    at: at(seconds),
    source: 'kubernetes',
    kind: 'object',
    subject: subject.replace('/', `/${NAMESPACE}/`),
    data: { verb, resource_version: String(seconds * 10), fields },
  };
}

const DURING = { phase: 'Progressing', message: '', aborted: false, pauses: '', step: 0, weight_pct: 0 };

/** A state of the Rollout while the next release is rolled out. */
export function rollout(seconds: number, fields: Fields = {}): Timed {
  return object(seconds, 'Rollout/shop', {
    ...DURING,
    stable: 'old',
    canary: 'new',
    release: 'v2',
    ...fields,
  });
}

/** The Rollout in the end of a promotion, and of a rollback. */
export const promoted = (seconds: number): Timed =>
  rollout(seconds, { phase: 'Healthy', stable: 'new', step: 6 });
export const abortedAt = (seconds: number, message = 'RolloutAborted'): Timed =>
  rollout(seconds, { phase: 'Degraded', aborted: true, message });

/** An act of the scenario, begun and done a second later. */
export function act(seconds: number, name: string, lasts_s = 1): readonly Timed[] {
  const phase = { source: 'harness', kind: 'phase', subject: name } as const;
  return [
    { ...phase, at: at(seconds), data: { state: 'started' } },
    { ...phase, at: at(seconds + lasts_s), data: { state: 'done' } },
  ];
}

/** A message in the channel of the rollouts. */
export function said(seconds: number, text: string): Timed {
  return {
    at: at(seconds),
    source: 'chat',
    kind: 'message',
    subject: `Rollout/${NAMESPACE}/shop`,
    data: { sender: 'argo-rollouts', channel: 'rollouts', text, severity: 'good', fields: {} },
  };
}

/** A timeline of a watched release that is shipped at second 0, after a stable one that is Healthy. */
export function timelineOf(...drafts: readonly (Timed | readonly Timed[])[]): Timeline {
  if (SPEC === undefined) throw new Error('the made-up run declares nothing');
  const observed = ['kubernetes', 'chat'].map(
    (subject): Timed => ({
      at: at(-20),
      source: 'harness',
      kind: 'observer',
      subject,
      data: { state: 'started' },
    }),
  );
  const all: Timed[] = [
    { at: at(-30), source: 'harness', kind: 'spec', subject: 'shop', data: SPEC },
    ...observed,
    object(-20, 'Rollout/shop', { ...DURING, phase: 'Healthy', stable: 'old', canary: 'old', release: 'v1' }),
    {
      at: at(0),
      source: 'release',
      kind: 'shipped',
      subject: `Rollout/${NAMESPACE}/shop`,
      data: { release: 'v2', document: {} },
    },
    ...drafts.flat(),
  ];
  all.sort((left, right) => left.at - right.at);
  return new Timeline(all.map((draft, index) => ({ ...draft, seq: index + 1 })));
}
