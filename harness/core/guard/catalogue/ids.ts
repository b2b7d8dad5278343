/** Every check of the guard, in the order in which reports show them. */
export const CHECK_IDS = [
  'runs-on-data',
  'rows-kept',
  'values-kept',
  'writes-kept',
  'readers-blocked',
  'writers-blocked',
  'lock-queue',
  'table-rewrite',
  'growth',
  'old-release-during',
  'old-release-after',
  'new-release-before',
  'new-release-during',
  'new-release-after',
  'down-present',
  'round-trip-schema',
  'round-trip-data',
  'killed-client',
  'killed-server',
  'connection-cut',
  'residue',
  'lint',
] as const;

/** What must hold before a check can be a pass: without them nothing was proven. */
export const GROUND_IDS = ['data-present', 'workload-ran', 'sampled'] as const;

export type CheckId = (typeof CHECK_IDS)[number];
export type GroundId = (typeof GROUND_IDS)[number];
