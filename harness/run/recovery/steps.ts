import { messageOf } from '#harness/core/errors.ts';
import type { RecoveryStepData } from '#harness/core/recovery.ts';
import type { RunningLoad } from '#harness/load/running.ts';
import { countAnswers } from '#harness/load/seconds.ts';
import type { ScenarioRun } from '../scenario-run.ts';
import { FLEET_READY_S } from './ground.ts';

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

/** Waits until users are answered well again, as a step. */
export async function firstAnswer(run: ScenarioRun, load: RunningLoad): Promise<void> {
  await step(run, { name: 'first answer', title: 'waiting for the first good answer' }, async () => {
    const since = Date.now();
    await load.waitUntil(
      (recent) => {
        const met = recent.some((second) => {
          const { answers, bad } = countAnswers([second]);
          return second.from >= since && answers > bad;
        });
        return { met, seen: 'no good answer' };
      },
      { awaited: 'a good answer', deadline_s: FLEET_READY_S },
    );
    return 'users are served again';
  });
}
