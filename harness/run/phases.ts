import type { Progress } from '#harness/core/progress.ts';

/** One of several phases that run side by side. */
export interface SidePhase<Result> {
  readonly title: string;
  /** Under which the phase's duration is remembered. */
  readonly key: string;
  /** Waits for the phase's turn, before its clock starts; disposing of the result ends its turn. */
  readonly turn: () => Promise<Disposable>;
  readonly act: (progress: Progress) => Promise<Result>;
}

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

/** Shows several things that a run is doing at once. */
export interface SideBySide extends Phases {
  /** Runs phases side by side, each from its turn on, and returns how each ended, in the given order. Never throws. */
  sideBySide<Result>(works: readonly SidePhase<Result>[]): Promise<readonly PromiseSettledResult<Result>[]>;
}
