/** Names under which a run records what Flagger's own metrics say of a Canary; the weight has a series for each workload. */
export const FLAGGER_SERIES = {
  /** 0 running, 1 successful, 2 failed. */
  status: 'flagger_status',
  weight: 'flagger_weight',
  successes: 'flagger_successes',
  failures: 'flagger_failures',
} as const;
