import * as v from 'valibot';
import { CONTRACTS } from '#harness/core/contracts/contracts.ts';
import { type AccuracyRow, accuracyRows } from './accuracy.ts';
import type { JudgedRun } from './judged-run.ts';
import type { RecoveredRun } from './recovered-run.ts';
import { type RecoveryTimes, recoveryTimes } from './recovery-times.ts';
import { type ContractRow, contractRows } from './rows.ts';
import { type RollbackTimes, rollbackTimes } from './times.ts';

/** The contracts and the times of a number of runs; made from the runs alone, so the same runs give the same document. */
export interface ContractsDocument {
  /** Version of this shape; a change that breaks readers raises it. */
  readonly schema: 1;
  /** When the last of the runs ended, as ISO 8601; `null` where there is none. */
  readonly last_run: string | null;
  readonly runs: number;
  readonly contracts: readonly ContractRow[];
  readonly times: readonly RollbackTimes[];
  /** Repetitions that measure how often the judge is right. */
  readonly accuracy: readonly AccuracyRow[];
  /** Recoveries, by scenario. */
  readonly recoveries: readonly RecoveryTimes[];
}

/** Puts the runs together. */
export function contractsDocument(
  runs: readonly JudgedRun[],
  recovered: readonly RecoveredRun[] = [],
): ContractsDocument {
  const all = [...runs, ...recovered];
  const last = all.reduce((latest, { ended_at }) => Math.max(latest, ended_at), 0);
  return {
    schema: 1,
    last_run: all.length === 0 ? null : new Date(last).toISOString(),
    runs: all.length,
    contracts: contractRows(CONTRACTS, runs),
    times: rollbackTimes(runs),
    accuracy: accuracyRows(runs),
    recoveries: recoveryTimes(recovered),
  };
}

/** Whether any run settled a contract or was a rollout: a table in which all is missing would hide the recoveries below it. */
export function saysOfContracts({ contracts, times, accuracy, recoveries }: ContractsDocument): boolean {
  const settled = contracts.some(({ verdicts }) => verdicts.length > 0);
  return settled || times.length > 0 || accuracy.length > 0 || recoveries.length === 0;
}

const controller = v.picklist(['flagger', 'argo-rollouts']);
const proportion = v.object({
  hits: v.number(),
  trials: v.number(),
  share: v.number(),
  low: v.number(),
  high: v.number(),
});
const spread = v.object({ seen: v.number(), min_s: v.number(), median_s: v.number(), max_s: v.number() });

const SCHEMA = v.object({
  schema: v.literal(1),
  last_run: v.nullable(v.string()),
  runs: v.number(),
  contracts: v.array(
    v.object({
      id: v.string(),
      controller: v.picklist(['flagger', 'argo-rollouts', 'either']),
      promise: v.string(),
      source: v.string(),
      threads: v.array(v.string()),
      skipped: v.exactOptional(v.string()),
      verdicts: v.array(
        v.object({
          controller,
          version: v.string(),
          standing: v.picklist(['pass', 'fail', 'inconclusive', 'known-break', 'news']),
          runs: v.number(),
          measured: v.string(),
          limit: v.string(),
          reason: v.string(),
          scenario: v.string(),
          folder: v.string(),
          thread: v.exactOptional(v.string()),
          remark: v.exactOptional(v.string()),
        }),
      ),
    }),
  ),
  times: v.array(
    v.object({
      scenario: v.string(),
      title: v.string(),
      controller,
      version: v.string(),
      runs: v.number(),
      left_out: v.number(),
      steps: v.array(
        v.object({
          id: v.string(),
          label: v.string(),
          moment: v.exactOptional(spread),
          took: v.exactOptional(spread),
        }),
      ),
    }),
  ),
  accuracy: v.array(
    v.object({
      case: v.string(),
      controller,
      controller_name: v.string(),
      version: v.string(),
      expected: v.picklist(['rollback', 'promotion']),
      rolled_back: proportion,
      reference_rolled_back: proportion,
      left_out: v.number(),
    }),
  ),
  // Documents of before there were recoveries have none.
  recoveries: v.optional(
    v.array(
      v.object({
        scenario: v.string(),
        title: v.string(),
        runs: v.number(),
        left_out: v.number(),
        recovered: v.exactOptional(spread),
        first_answer: v.exactOptional(spread),
        recovery_point: v.exactOptional(spread),
        lost_orders: v.exactOptional(v.object({ min: v.number(), max: v.number() })),
        steps: v.array(
          v.object({
            id: v.string(),
            label: v.string(),
            began: v.exactOptional(spread),
            ended: v.exactOptional(spread),
            took: v.exactOptional(spread),
          }),
        ),
      }),
    ),
    [],
  ),
});

/** Reads a document that was written before. @throws ValiError when it is none */
export function parseContracts(value: unknown): ContractsDocument {
  return v.parse(SCHEMA, value);
}
