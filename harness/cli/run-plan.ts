import type { ImageMode, Keep } from '#harness/config/config.ts';
import type { ScenarioFile } from '#harness/run/catalogue.ts';
import { readDurations } from '#harness/run/durations.ts';

/** What a run will do: flags, configuration and defaults brought together. */
export interface RunPlan {
  readonly files: readonly ScenarioFile[];
  readonly images: ImageMode;
  readonly registry: string | undefined;
  readonly keep: Keep;
  readonly seed: number;
  readonly repeat: number;
}

/** The plan as a person reads it, with expected times as far as earlier runs tell. */
export function describePlan(plan: RunPlan): string {
  const durations = readDurations();
  const phases = ['machine', 'images', 'cluster', 'stack', ...plan.files.map((one) => one.name)];
  const known = phases.map((phase) => durations[phase]).filter((seconds) => seconds !== undefined);
  const total_s = known.reduce((sum, seconds) => sum + seconds, 0) * plan.repeat;
  const lines = [
    `images: ${plan.images}${plan.registry === undefined ? '' : ` from ${plan.registry}`}; keep: ${plan.keep}; seed: ${plan.seed}; repeat: ${plan.repeat}`,
    ...phases.map((phase) => {
      const seconds = durations[phase];
      return `  ${phase}${seconds === undefined ? ' (not run here before)' : `, about ${seconds.toFixed(0)} s`}`;
    }),
    `about ${Math.ceil(total_s / 60)} minutes, as far as known`,
  ];
  return `${lines.join('\n')}\n`;
}
