import { DECLARED } from '#harness/core/argo-fields.ts';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { Timeline } from '#harness/core/timeline.ts';
import { hasEnded } from '#harness/judge/contracts/argo/analyses.ts';
import { ANALYSIS_RUN } from '#harness/kube/recording.ts';
import type { Manifest } from '#harness/kube/manifests.ts';
import type { AnyRolloutAct, LoadedAct, When } from '../rollout-extras.ts';
import { unlessLate } from '../on-cluster.ts';
import { analysisRun, type Metric } from './argo-metrics.ts';

/** Where an analysis ends by what its metrics receive: one row of a decision table, settled by a run of its own. */
export interface AnalysisRow {
  readonly name: string;
  readonly contract: string;
  readonly expects: 'Successful' | 'Failed' | 'Inconclusive' | 'Error';
  /** Part of the last value, or of the message, that its metric `value` receives. */
  readonly receives: string;
  /** The metric `value`, and any others. */
  readonly metrics: readonly Metric[];
  /** Names of metrics that only try. */
  readonly dry_run?: readonly string[];
}

/** What the rows of a table are made with. */
export interface RowsGiven {
  /** When the analyses are made, in seconds since the epoch. */
  readonly began_at_s: number;
  /** An image that is there on every node and has Node.js. */
  readonly image: string;
}

export type Rows = (given: RowsGiven) => readonly AnalysisRow[];

/** Objects of a scenario that no manifest file holds. */
export function given(objects: readonly KubeObject[]): readonly Manifest[] {
  const position = { file: 'harness/run/contracts/argo-rows.ts', line: 1, column: 1 };
  return objects.map((object) => ({ object, position }));
}

/** Image of the shop: the one program with Node.js that runs wherever a shop does. */
export function imageOf({ ctx }: AnyRolloutAct): string {
  const image = ctx.artifacts.images['shop'];
  if (image === undefined) throw new Error('the bill of materials has no image of the shop');
  return image;
}

function runOf({ name, contract, expects, receives, metrics, dry_run = [] }: AnalysisRow): KubeObject {
  return analysisRun(
    name,
    { [DECLARED.contract]: contract, [DECLARED.expects]: expects, [DECLARED.receives]: receives },
    {
      metrics,
      ...(dry_run.length > 0 ? { dryRun: dry_run.map((metricName) => ({ metricName })) } : {}),
    },
  );
}

/** Begins an analysis for each row, in the run's own namespace. */
export function beginRows(...tables: readonly Rows[]): (act: LoadedAct) => Promise<void> {
  return async (act) => {
    const made = { began_at_s: Math.floor(Date.now() / 1000), image: imageOf(act) };
    const runs = tables.flatMap((rows) => rows(made)).map(runOf);
    await act.ctx.kube.apply(given(runs), { namespace: act.namespace });
  };
}

/** The last recorded state of each analysis that stands by itself. */
function standalone(timeline: Timeline): readonly { readonly name: string; readonly phase: unknown }[] {
  const last = new Map<string, unknown>();
  for (const { subject, data } of timeline.of('kubernetes', 'object')) {
    if (subject.startsWith('AnalysisRun/') && data.fields['contract'] !== undefined) {
      last.set(subject, data.fields['phase']);
    }
  }
  return [...last].map(([name, phase]) => ({ name, phase }));
}

/** Every analysis that stands by itself has come to its end. */
export function rowsEnded(deadline_s: number): When {
  return () => ({
    awaited: 'every analysis of the table to end',
    deadline_s,
    holds: (timeline) => standalone(timeline).every(({ phase }) => hasEnded(phase)),
  });
}

/** Waits for the ends of the rows once the rollout has settled; one that is late is judged as it stands. */
export async function untilRowsEnded({ run, spec }: LoadedAct): Promise<void> {
  const condition = rowsEnded(30)(spec);
  await unlessLate(run, () => run.timeline.until(condition, condition.deadline_s, run.signal));
}

/** A Job of an analysis, whose name begins with the identity of its AnalysisRun, runs in its pod. */
export function jobRuns(metric: string, deadline_s = 30): When {
  return ({ namespace }: RolloutSpec) => ({
    awaited: `the Job of metric ${metric} to run`,
    deadline_s,
    holds: (timeline) =>
      timeline
        .of('kubernetes', 'object')
        .some(
          ({ subject, data }) =>
            subject.startsWith(`Pod/${namespace}/`) &&
            subject.includes(`.${metric}.`) &&
            data.fields['phase'] === 'Running',
        ),
  });
}

/** Cuts an analysis that stands by itself short, as its owner does when it is no longer wanted. */
export function cutShort(...names: readonly string[]): (act: LoadedAct) => Promise<void> {
  return async ({ ctx, namespace }) => {
    for (const name of names) {
      await ctx.kube.patch({ ...ANALYSIS_RUN, namespace, name }, { spec: { terminate: true } });
    }
  };
}
