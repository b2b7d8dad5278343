/** Names of the phases in which a scenario does what a contract is about; rules find them by these. */
export const ACTS = {
  /** A person changes the release's map and nothing else. */
  change_map: 'change of a map',
  /** A pod of the stable release is lost after the abort. */
  pod_loss: 'loss of a stable pod',
  /** A person lets a paused rollout go on. */
  promote: 'promote',
  /** A person tries an aborted rollout again. */
  retry: 'retry',
  /** The template that the Rollout refers to is made, still with a mistake. */
  template_made: 'template made',
  /** That mistake is mended. */
  template_mended: 'template mended',
} as const;
