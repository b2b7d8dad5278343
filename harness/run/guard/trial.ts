/** One migration that is tried, and what comes of it. */
import type { DataFacts, MigrationFacts } from '#harness/core/guard/facts.ts';
import type { Refusal } from '#harness/core/guard/load-facts.ts';
import type { Migration } from '#harness/database/migrations/types.ts';
import type { ScratchDatabase, ScratchServer } from '#harness/database/server/types.ts';
import type { Phases } from '../phases.ts';
import type { GuardRequest } from './request.ts';

export interface Trial {
  readonly server: ScratchServer;
  /** State before the migration; nobody is connected to it. */
  readonly template: ScratchDatabase;
  /** As they are in it, where it is not the first one. */
  readonly tables?: DataFacts['tables'];
  readonly migration: Migration;
  readonly request: GuardRequest;
  readonly phases: Phases;
  readonly signal: AbortSignal;
  /** What the migrations of this lane took so far, of the time that is shared by all of them. */
  readonly spent: Spent;
}

export interface Spent {
  growth_ms: number;
}

/** One that was run alone. */
export interface Begun {
  /** State after the migration; undefined where it was not applied. The caller gives it back. */
  readonly after: ScratchDatabase | undefined;
  readonly refusal: Refusal | undefined;
  /** The rest of it can be measured beside something else. */
  readonly leaves_room: boolean;
  /** Measures the rest, on the state before it. */
  finish(): Promise<MigrationFacts>;
}
