import { relative } from 'node:path';
import { createVitest, type Reporter, type TestCase, type Vitest } from 'vitest/node';
import { UsageError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import type { Outcome } from '#harness/core/verdict.ts';
import { ROOT, scenarioName, type ScenarioFile } from './catalogue.ts';
import { PROGRESS_ANNOTATION, type PreparedMachine } from './environment.ts';
import { outcomeOfTest } from './test-outcome.ts';

/** The result of one test of a scenario file. */
export interface ScenarioResult {
  readonly scenario: string;
  readonly title: string;
  /** For a seeded defect: `pass` when Mettle noticed it. See `outcomeOfTest`. */
  readonly outcome: Outcome;
  readonly duration_s: number;
  /** Absent when the scenario broke before it had a run folder. */
  readonly run_dir?: string;
  readonly seeded_defect?: string;
  /** Folders of further runs that the test made, for example on a second cluster. */
  readonly further_runs?: readonly string[];
  /** The load generator was starved, and a further run of the scenario stands in its place. */
  readonly run_again?: true;
  /** The test's own errors, as text. */
  readonly errors: readonly string[];
}

export interface RunScenariosOptions {
  readonly files: readonly ScenarioFile[];
  readonly environment: PreparedMachine;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Flags for vitest itself, passed on as they are. */
  readonly vitest_flags: readonly string[];
}

function asResult(test: TestCase): ScenarioResult {
  const reported = test.meta().mettle;
  const result = test.result();
  return {
    scenario: scenarioName(test.module.moduleId),
    title: test.fullName,
    outcome: outcomeOfTest(result.state, reported),
    duration_s: (test.diagnostic()?.duration ?? 0) / 1000,
    ...(reported ? { run_dir: reported.run_dir } : {}),
    ...(reported?.seeded_defect === undefined ? {} : { seeded_defect: reported.seeded_defect }),
    ...(reported?.further_runs === undefined ? {} : { further_runs: reported.further_runs }),
    errors: (result.errors ?? []).map((error) => error.stack ?? error.message),
  };
}

/** Signals by which a person or a supervisor stops a run. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

type Handlers = ReadonlyMap<(typeof STOP_SIGNALS)[number], readonly NodeJS.SignalsListener[]>;

function signalHandlers(): Handlers {
  return new Map(STOP_SIGNALS.map((name) => [name, process.listeners(name)]));
}

/** vitest would end the process at once on a signal, and with it the clean-up that the signal has begun. */
function removeOtherHandlers(kept: Handlers): void {
  for (const name of STOP_SIGNALS) {
    for (const handler of process.listeners(name)) {
      if (kept.get(name)?.includes(handler) !== true) process.off(name, handler);
    }
  }
}

/** Several vitests may run at once, but handlers are told apart only while one at a time is being made. */
let making: Promise<unknown> = Promise.resolve();

async function makeVitest(options: Parameters<typeof createVitest>[1]): Promise<Vitest> {
  const next = making.then(async () => {
    const handlers = signalHandlers();
    const vitest = await createVitest('test', options);
    removeOtherHandlers(handlers);
    return vitest;
  });
  making = next.catch(() => undefined);
  return await next;
}

/**
 * Runs scenario files with vitest, one after the other, and returns one result per test. Several calls may be under way
 * at once.
 * @throws UsageError when vitest refuses its flags or a scenario file cannot be loaded
 */
export async function runScenarios(options: RunScenariosOptions): Promise<readonly ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  const problems: string[] = [];
  const reporter: Reporter = {
    onTestCaseReady: (test) => {
      if (test.options.mode === 'run') options.progress(test.fullName);
    },
    onTestCaseAnnotate: (_test, annotation) => {
      if (annotation.type === PROGRESS_ANNOTATION) options.progress(annotation.message);
    },
    onTestCaseResult: (test) => {
      if (test.result().state !== 'skipped') results.push(asResult(test));
    },
    onTestModuleEnd: (module) => {
      for (const error of module.errors())
        problems.push(`${relative(ROOT, module.moduleId)}: ${error.stack ?? error.message}`);
    },
    onTestRunEnd: (_modules, errors) => {
      for (const error of errors) problems.push(error.stack ?? error.message);
    },
  };
  const { parseCLI } = await import('vitest/node');
  const flags = parseCLI(['vitest', ...options.vitest_flags]);
  const vitest = await makeVitest({
    ...flags.options,
    root: ROOT,
    watch: false,
    run: true,
    project: 'scenarios',
    reporters: [reporter],
    allowOnly: false,
  });
  const cancel = (): void => void vitest.cancelCurrentRun('keyboard-input');
  options.signal.addEventListener('abort', cancel, { once: true });
  try {
    vitest.provide('mettle', options.environment);
    await vitest.start(options.files.map((one) => one.file));
  } finally {
    options.signal.removeEventListener('abort', cancel);
    await vitest.close();
  }
  if (problems.length > 0 && !options.signal.aborted) {
    throw new UsageError(`a scenario could not be run:\n${problems.join('\n')}`);
  }
  return results;
}
