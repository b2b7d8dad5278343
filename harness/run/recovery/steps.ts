import { messageOf } from '#harness/core/errors.ts';
import type { RecoveryStepData } from '#harness/core/recovery.ts';
import type { ScenarioRun } from '../scenario-run.ts';

/** What a step is called, what it does, and what a person would do in its place. */
export interface Step {
  /** As in `REBUILD_STEPS`. */
  readonly name: string;
  readonly title: string;
  /** Never a secret. */
  readonly by_hand?: string;
}

/**
 * Carries out one step of a recovery and records when it began and how it ended.
 * @param act gives what came of it, for the reader
 */
export async function step(
  { timeline, progress }: ScenarioRun,
  { name, title, by_hand }: Step,
  act: () => Promise<string>,
): Promise<void> {
  const record = (state: RecoveryStepData['state'], note: string): void => {
    const data = { state, note, ...(by_hand === undefined ? {} : { by_hand }) };
    timeline.record({ source: 'recovery', kind: 'step', subject: name, data });
  };
  progress(title);
  record('started', title);
  try {
    record('done', await act());
  } catch (error) {
    record('failed', messageOf(error));
    throw error;
  }
}
