/** What is said between the thread that asks for a workload and the one that runs it. */
import type { Moment, WorkloadFacts } from '#harness/core/guard/facts.ts';
import type { Release, Stall, WorkloadOptions } from './types.ts';

/** What the thread is made with. */
export interface GeneratorTask {
  readonly release: Release;
  /** Of the release where it serves HTTP. */
  readonly origin?: string;
  readonly options: Omit<WorkloadOptions, 'signal'>;
}

export type Question =
  | { readonly ask: 'cut' | 'stop'; readonly id: number; readonly moment: Moment }
  | { readonly ask: 'settle'; readonly id: number }
  | { readonly ask: 'stalls'; readonly id: number; readonly since: number };

export type Reply =
  | { readonly tell: 'ready' }
  /** It could not begin. */
  | { readonly tell: 'unfit'; readonly message: string; readonly next?: string }
  | { readonly tell: 'facts'; readonly id: number; readonly facts: WorkloadFacts }
  | { readonly tell: 'settled'; readonly id: number }
  | { readonly tell: 'stalls'; readonly id: number; readonly stalls: readonly Stall[] };
