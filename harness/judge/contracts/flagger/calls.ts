import type { RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../../facts.ts';

export type Call = RecordOf<'gate', 'call'>;

/** The hooks of a Canary, each with a path of its own, by which the records of its calls tell it. */
export const HOOKS = {
  confirm_rollout: '/confirm-rollout',
  pre_rollout: '/pre-rollout',
  rollout: '/rollout',
  confirm_increase: '/confirm-traffic-increase',
  confirm_promotion: '/confirm-promotion',
  post_rollout: '/post-rollout',
  rollback: '/rollback',
  event: '/event',
} as const;

/** Calls of a hook after the judged release was shipped. @throws MissingEvidence when the gate was not observed */
export function callsOf(facts: Facts, path: string): readonly Call[] {
  facts.requireObserver('gate');
  const { shipped } = facts;
  return facts.timeline.of('gate', 'call').filter(({ at, data }) => data.path === path && at >= shipped.at);
}

/** Flagger takes 200, 201 and 202 for a yes (pkg/controller/webhook.go, callWebhook); 0 is an answer that came too late. */
export function isYes({ data: { status } }: Call): boolean {
  return status >= 200 && status <= 202;
}
