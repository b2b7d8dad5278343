import { randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, MettleError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import type { RunMeta } from '#harness/core/run-meta.ts';
import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { TimelineFile } from '#harness/observe/recorder.ts';
import type { ScenarioEnvironment } from './environment.ts';

export interface OpenRunOptions {
  readonly environment: ScenarioEnvironment;
  /** `rollback/flagger-error-rate`; a variant of it adds a part. */
  readonly scenario: string;
  readonly title: string;
  readonly file: string;
  /** Name of what is broken on purpose; absent in every other run. */
  readonly seeded_defect?: string | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** `2026-11-21T03-20-00Z`: sorts by time and is a legal file name everywhere. */
export function timeName(at: Date): string {
  return at
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '-');
}

/** A folder that does not exist yet, made: two runs within one second get names of their own. */
function makeRunDir(parent: string, name: string): string {
  mkdirSync(parent, { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    const dir = join(parent, attempt === 1 ? name : `${name}-${attempt}`);
    try {
      mkdirSync(dir);
      return dir;
    } catch (error) {
      const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
      if (!exists || attempt > 100) throw error;
    }
  }
}

/** Random characters that keep runs apart which begin within one millisecond, side by side in threads of their own. */
const ID_RANDOM = 5;

/** A short word that no other run has: the time, so that names sort by it, and chance. */
function uniqueId(at: Date): string {
  const chance = randomInt(36 ** ID_RANDOM)
    .toString(36)
    .padStart(ID_RANDOM, '0');
  return `${at.getTime().toString(36)}${chance}`;
}

/** One run of one scenario: its folder, its timeline and its phases. */
export class ScenarioRun implements AsyncDisposable {
  readonly environment: ScenarioEnvironment;
  readonly scenario: string;
  readonly title: string;
  readonly dir: string;
  /** Unique; also the name of the run's namespace. */
  readonly run_id: string;
  readonly timeline: TimelineFile;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly #seeded_defect: string | undefined;
  readonly #started = new Date();
  readonly #held: Promise<unknown>[] = [];
  #verdict: Verdict | undefined;

  constructor(options: OpenRunOptions) {
    const { environment, scenario } = options;
    this.environment = environment;
    this.scenario = scenario;
    this.title = options.title;
    this.#seeded_defect = options.seeded_defect;
    this.progress = options.progress;
    this.signal = options.signal;
    this.dir = makeRunDir(join(environment.out_dir, scenario), timeName(this.#started));
    this.run_id = `shop-${uniqueId(this.#started)}`;
    this.timeline = new TimelineFile(join(this.dir, 'timeline.jsonl'));
    this.timeline.record({
      source: 'harness',
      kind: 'scenario',
      subject: scenario,
      data: {
        title: options.title,
        file: options.file,
        seed: environment.seed,
        versions: { ...environment.versions },
      },
    });
  }

  /** The verdict, once the run was judged. */
  get verdict(): Verdict | undefined {
    return this.#verdict;
  }

  /**
   * Runs one phase. When it throws, the timeline says so and the error is thrown on.
   * @param title what is done, as the person who waits reads it
   */
  async phase<Result>(name: string, title: string, act: () => Promise<Result>): Promise<Result> {
    this.signal.throwIfAborted();
    this.progress(title);
    this.timeline.record({ source: 'harness', kind: 'phase', subject: name, data: { state: 'started' } });
    try {
      const result = await act();
      this.timeline.record({ source: 'harness', kind: 'phase', subject: name, data: { state: 'done' } });
      return result;
    } catch (error) {
      this.timeline.record({
        source: 'harness',
        kind: 'phase',
        subject: name,
        data: { state: 'failed', note: messageOf(error) },
      });
      throw error;
    }
  }

  /** A remark in the timeline, for the reader of the report. */
  note(text: string): void {
    this.timeline.record({ source: 'harness', kind: 'note', subject: this.scenario, data: { text } });
  }

  /**
   * Runs the acts of the scenario, then judges what was recorded. An act that could not be carried out leaves a
   * failed phase in the timeline, which makes the verdict inconclusive; only defects of Mettle are thrown on.
   */
  async actAndJudge(act: () => Promise<void>, judge: (timeline: Timeline) => Verdict): Promise<Verdict> {
    try {
      await act();
    } catch (error) {
      if (this.signal.aborted || !(error instanceof MettleError)) throw error;
      this.note(`the scenario stopped early: ${error.message}`);
    }
    this.#verdict = judge(this.timeline.snapshot());
    this.#writeVerdict(this.#verdict);
    return this.#verdict;
  }

  #writeVerdict(verdict: Verdict): void {
    const meta: RunMeta = {
      run_id: this.run_id,
      scenario: this.scenario,
      title: this.title,
      started_at: this.#started.getTime(),
      ended_at: Date.now(),
      ...(this.#seeded_defect === undefined ? {} : { seeded_defect: this.#seeded_defect }),
    };
    writeFileSync(
      join(this.dir, 'verdict.json'),
      `${JSON.stringify({ ...meta, seed: this.environment.seed, ...verdict }, null, 2)}\n`,
    );
  }

  /** Keeps the run open until the work has ended: a test that is stopped does not wait for what it began. */
  async hold<Result>(work: Promise<Result>): Promise<Result> {
    this.#held.push(work);
    return await work;
  }

  /** Waits for the work that holds the run open, which gives back what it has taken, and closes the timeline. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#held);
    this.timeline[Symbol.dispose]();
  }
}
