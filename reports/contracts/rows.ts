import type { Contract } from '#harness/core/contracts/contract.ts';
import type { Standing } from '#harness/core/verdict.ts';
import { measuredOf } from '../model/format.ts';
import { compareStandings } from '../model/standing.ts';
import type { JudgedContract, JudgedRun } from './judged-run.ts';

/** What all runs of one version said of one contract; the worst of them decides, and its figures are shown. */
export interface VersionVerdict {
  readonly controller: JudgedRun['controller'];
  readonly version: string;
  readonly standing: Standing;
  readonly runs: number;
  readonly measured: string;
  readonly limit: string;
  readonly reason: string;
  readonly scenario: string;
  readonly folder: string;
  /** Where the break is reported, if one was expected. */
  readonly thread?: string;
  /** Why it was judged by another version's contracts. */
  readonly remark?: string;
}

/** One contract with everything that is known of it. */
export interface ContractRow {
  readonly id: string;
  readonly controller: Contract['controller'];
  readonly promise: string;
  readonly source: string;
  readonly threads: readonly string[];
  /** Why no scenario can settle it here. */
  readonly skipped?: string;
  /** By version, oldest first; none where it was not run. */
  readonly verdicts: readonly VersionVerdict[];
}

interface Said {
  readonly run: JudgedRun;
  readonly judged: JudgedContract;
}

/** Every contract in its order, with what the runs said of it. */
export function contractRows(
  contracts: readonly Contract[],
  runs: readonly JudgedRun[],
): readonly ContractRow[] {
  return contracts.map(({ id, controller, promise, source, threads = [], skipped }) => ({
    id,
    controller,
    promise,
    source,
    threads,
    ...(skipped === undefined ? {} : { skipped }),
    verdicts: versionVerdicts(
      runs.flatMap((run) =>
        run.contracts.filter(({ rule }) => rule.rule === id).map((judged) => ({ run, judged })),
      ),
    ),
  }));
}

function versionVerdicts(said: readonly Said[]): readonly VersionVerdict[] {
  const by_version = Map.groupBy(said, ({ run }) => `${run.controller} ${run.version}`);
  return [...by_version.values()]
    .flatMap((group) => {
      const worst = worstOf(group);
      return worst === undefined ? [] : [versionVerdict(worst, group.length)];
    })
    .toSorted((left, right) => left.version.localeCompare(right.version, 'en', { numeric: true }));
}

/** The worst; of equally bad ones the last. */
function worstOf(group: readonly Said[]): Said | undefined {
  return group.toSorted(
    (left, right) =>
      compareStandings(left.judged.standing, right.judged.standing) || right.run.ended_at - left.run.ended_at,
  )[0];
}

function versionVerdict({ run, judged }: Said, runs: number): VersionVerdict {
  const { rule, standing, thread } = judged;
  return {
    controller: run.controller,
    version: run.version,
    standing,
    runs,
    measured: measuredOf(rule),
    limit: rule.limit,
    reason: rule.reason,
    scenario: run.scenario,
    folder: run.folder,
    ...(thread === undefined ? {} : { thread }),
    ...(run.remark === undefined ? {} : { remark: run.remark }),
  };
}
