/** What is said between the thread that asks for a workload and the one that runs it. */
import type { Moment, WorkloadFacts } from '#harness/core/guard/load-facts.ts';
import type { CommandRelease, ContainerRelease, SqlRelease, Stall, WorkloadOptions } from './types.ts';

/** What of a release is sent. */
export type SentBy = SqlRelease | Pick<CommandRelease | ContainerRelease, 'kind' | 'requests'>;

/** One release at work, from its beginning to its end. */
export interface GeneratorTask {
  readonly release: SentBy;
  /** Of the release where it serves HTTP. */
  readonly origin?: string;
  readonly options: Omit<WorkloadOptions, 'signal'>;
}

export type Question =
  | { readonly ask: 'begin'; readonly id: number; readonly task: GeneratorTask }
  | { readonly ask: 'cut' | 'stop'; readonly id: number; readonly moment: Moment }
  | { readonly ask: 'settle' | 'end'; readonly id: number }
  | { readonly ask: 'cover'; readonly id: number; readonly longest_ms: number }
  | { readonly ask: 'stalls'; readonly id: number; readonly since: number };

export type Reply =
  | { readonly tell: 'done'; readonly id: number }
  /** It could not begin. */
  | { readonly tell: 'unfit'; readonly id: number; readonly message: string; readonly next?: string }
  | { readonly tell: 'facts'; readonly id: number; readonly facts: WorkloadFacts }
  | { readonly tell: 'stalls'; readonly id: number; readonly stalls: readonly Stall[] };
