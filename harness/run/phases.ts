import type { Progress } from '#harness/core/progress.ts';

/** Shows what a long run is doing. One phase runs at a time. */
export interface Phases {
  /**
   * Runs `act` as a named phase with its elapsed and expected time. Lines given to `progress` say what is going on
   * inside. An error ends the phase and is thrown on.
   * @param key under which the phase's duration is remembered; phases of different cost have different keys
   */
  phase<Result>(title: string, key: string, act: (progress: Progress) => Promise<Result>): Promise<Result>;
  /** One line outside of any phase. */
  say(line: string): void;
}
