/** One documented behaviour of a rollout controller, with where it is promised. */
export interface Contract {
  /** Stable id: `F` and a number for Flagger, `A` for Argo Rollouts, `P`, `N` and `C` for what teams ask of either,
   * `S` for what holds while its own stack is broken. */
  readonly id: string;
  readonly controller: 'flagger' | 'argo-rollouts' | 'either';
  /** What the controller promises, as a sentence. */
  readonly promise: string;
  /** The documentation, or the source file with its version where only the code says so. */
  readonly source: string;
  /** Threads in which it was reported not to hold, as `owner/repository#number`. */
  readonly threads?: readonly string[];
  /** Why no scenario can settle it here; absent when one does. */
  readonly skipped?: string;
}
