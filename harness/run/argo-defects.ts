import type { RolloutOptions } from '#harness/stack/shop-argo.ts';

/** Something broken on purpose around Argo Rollouts, and the rule that must notice it. */
export interface ArgoDefect {
  readonly name: string;
  /** What is broken, as a sentence. */
  readonly breaks: string;
  /** Id of the rule that must fail. */
  readonly noticed_by: string;
  /** The Rollout differs from what the scenario declares. */
  readonly rollout: RolloutOptions;
}

/** Each must turn the verdict red: proof that the rules about Argo Rollouts can fail. */
export const ARGO_DEFECTS: readonly ArgoDefect[] = [
  {
    name: 'argo-blind-analysis',
    breaks: 'the analysis minds only values of a metric that nobody gives',
    noticed_by: 'judge-saw',
    rollout: { metric: 'http_requests_of_nobody_total', no_data: 'passes' },
  },
  {
    name: 'argo-abort-disabled',
    breaks: 'the analysis bears a thousand failed measurements',
    noticed_by: 'rolled-back',
    rollout: { failure_limit: 1000 },
  },
  {
    name: 'argo-label-missing',
    breaks: 'no pod says whether it is canary or stable',
    noticed_by: 'label-truth',
    rollout: { role_labels: 'missing' },
  },
  {
    name: 'argo-unsubscribed',
    breaks: 'nobody is subscribed to the abort',
    noticed_by: 'chat-told',
    rollout: { unsubscribed: ['on-rollout-aborted'] },
  },
];
