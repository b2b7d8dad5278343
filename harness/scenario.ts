/** The one door that scenarios come in by: `test`, `expect`, and what a scenario may use. */
import { relative } from 'node:path';
import { expect, inject, test as base } from 'vitest';
import type { Verdict } from '#harness/core/verdict.ts';
import { scenarioName, ROOT } from '#harness/run/catalogue.ts';
import { PROGRESS_ANNOTATION } from '#harness/run/environment.ts';
import { ScenarioRun } from '#harness/run/scenario-run.ts';

export { flaggerRollout } from '#harness/run/flagger-rollout.ts';
export { SEEDED_DEFECTS } from '#harness/run/seeded-defects.ts';

/** Opens runs of the scenario that asks for it. */
export type OpenRun = (variant?: string) => ScenarioRun;

/** vitest's `test` with the fixture `openRun`, which opens the scenario's run and closes it when the test ends. */
export const test = base.extend<{ openRun: OpenRun }>({
  openRun: async ({ task, signal, annotate }, use) => {
    const environment = inject('mettle');
    const opened: ScenarioRun[] = [];
    const annotations: Promise<unknown>[] = [];
    await use((variant) => {
      const run = new ScenarioRun({
        environment,
        scenario: [scenarioName(task.file.filepath), ...(variant === undefined ? [] : [variant])].join('/'),
        title: task.name,
        file: relative(ROOT, task.file.filepath),
        signal,
        progress: (line) => {
          annotations.push(annotate(line, PROGRESS_ANNOTATION).catch(() => undefined));
        },
      });
      opened.push(run);
      task.meta.mettle = {
        run_dir: run.dir,
        outcome: 'inconclusive',
        ...(variant === undefined ? {} : { seeded_defect: variant }),
      };
      return run;
    });
    for (const run of opened) {
      if (task.meta.mettle && run.verdict)
        task.meta.mettle = { ...task.meta.mettle, outcome: run.verdict.outcome };
      run[Symbol.dispose]();
    }
    await Promise.all(annotations);
  },
});

function describeVerdict(verdict: Verdict): string {
  return verdict.rules
    .filter((rule) => rule.outcome !== 'pass')
    .map((rule) => `${rule.rule}: ${rule.outcome}: ${rule.reason} (limit ${rule.limit})`)
    .join('\n');
}

expect.extend({
  /** The verdict is `pass`: every rule held, on evidence. */
  toHold(verdict: Verdict) {
    return {
      pass: verdict.outcome === 'pass',
      message: () => `the verdict is ${verdict.outcome}\n${describeVerdict(verdict)}`,
    };
  },
  /** The verdict is not `pass`, and it was the named rule that noticed. */
  toBeCaughtBy(verdict: Verdict, rule: string) {
    const found = verdict.rules.find((one) => one.rule === rule);
    const caught = verdict.outcome !== 'pass' && found !== undefined && found.outcome !== 'pass';
    return {
      pass: caught,
      message: () =>
        `the verdict is ${verdict.outcome}, and rule ${rule} says ${found?.outcome ?? 'nothing'}\n${describeVerdict(verdict)}`,
    };
  },
});

declare module 'vitest' {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    toHold(): R;
    toBeCaughtBy(rule: string): R;
  }
}

export { expect };
