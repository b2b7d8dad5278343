import { join } from 'node:path';
import type { ReleaseDocument } from '#fixtures/apps/shop/release.ts';
import { guardCluster } from '#harness/cluster/guard.ts';
import type { RunningCluster } from '#harness/cluster/types.ts';
import { readRelease } from '#harness/config/document.ts';
import { DeadlineError, messageOf } from '#harness/core/errors.ts';
import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { collectEvidence } from '#harness/evidence/collect.ts';
import { kubeClient } from '#harness/kube/client.ts';
import { startLoad } from '#harness/load/load.ts';
import { type ProfileName, profileOf } from '#harness/load/profiles.ts';
import type { RunningLoad } from '#harness/load/running.ts';
import type { LoadUsers } from '#harness/load/settings.ts';
import { steadyState } from '#harness/load/steady.ts';
import type { StackContext } from '#harness/stack/component.ts';
import { removeShop } from '#harness/stack/shop.ts';
import { ROOT } from './catalogue.ts';
import type { ScenarioRun } from './scenario-run.ts';

/** What a scenario in progress acts with. */
export interface Acting {
  readonly run: ScenarioRun;
  readonly ctx: StackContext;
  readonly cluster: RunningCluster;
  /** The run's own namespace, which is removed afterwards with all it holds. */
  readonly namespace: string;
}

/** Budgets of the phases, in seconds. */
const BUDGET_S = { steady: 60, evidence: 30 } as const;

/** Longest time that the load of a scenario runs, in seconds. */
export const LOAD_MAX_S = 900;

/** Whole seconds of undisturbed load before the act, and after the end. */
export const STEADY_S = 6;

export interface OnClusterOptions {
  readonly act: (acting: Acting) => Promise<void>;
  readonly judge: (timeline: Timeline) => Verdict;
}

/**
 * Runs the acts of a scenario on its guarded cluster and judges what was recorded. Evidence is collected before the
 * clean-up when the verdict is not `pass`; the run's namespace is removed afterwards.
 */
export async function onCluster(run: ScenarioRun, options: OnClusterOptions): Promise<Verdict> {
  return await run.hold(actOnCluster(run, options));
}

async function actOnCluster(run: ScenarioRun, { act, judge }: OnClusterOptions): Promise<Verdict> {
  const cluster = await guardCluster(run.environment.cluster);
  await using kube = kubeClient(cluster);
  const ctx: StackContext = {
    kube,
    artifacts: { images: run.environment.images, manifests: run.environment.manifests },
    components: run.environment.components,
    progress: run.progress,
    signal: run.signal,
  };
  const namespace = run.run_id;
  const started = new Date();
  await using cleanup = new AsyncDisposableStack();
  if (run.environment.keep !== 'always') cleanup.defer(() => removeShop(ctx, namespace));
  const evidence = async (): Promise<void> => {
    run.progress('collecting evidence');
    await collectEvidence({
      cluster,
      namespace,
      since: started,
      out_dir: join(run.dir, 'evidence'),
      budget_s: BUDGET_S.evidence,
    });
  };
  try {
    const verdict = await run.actAndJudge(() => act({ run, ctx, cluster, namespace }), judge);
    if (verdict.outcome !== 'pass') await evidence();
    return verdict;
  } catch (error) {
    if (!run.signal.aborted) await evidence();
    throw error;
  }
}

export interface LoadTarget {
  readonly profile: ProfileName;
  /** Name that the gateway routes by. */
  readonly host: string;
  /** Loopback port; the default gateway's when absent. */
  readonly port?: number;
  /** All users are alike when absent. */
  readonly users?: LoadUsers;
  /** Each order is put into the timeline as its customer remembers it. */
  readonly remember_orders?: boolean;
}

/** Starts the load of a scenario against a gateway of its cluster. */
export async function beginLoad(
  { run, cluster }: Pick<Acting, 'run' | 'cluster'>,
  target: LoadTarget,
): Promise<RunningLoad> {
  return await run.phase('load', `starting load ${target.profile}`, () =>
    startLoad({
      k6: run.environment.k6,
      profile: target.profile,
      url: `http://127.0.0.1:${target.port ?? cluster.ports.gateway}`,
      host: target.host,
      ...(target.users ? { users: target.users } : {}),
      ...(target.remember_orders ? { remember_orders: true } : {}),
      run: run.run_id,
      duration_max_s: LOAD_MAX_S,
      recorder: run.timeline,
      out_dir: run.dir,
      signal: run.signal,
    }),
  );
}

/**
 * Waits for the steady state and records whether it held.
 * @param subject what serves, as the record's subject
 * @throws DeadlineError
 */
export async function untilSteady(
  run: ScenarioRun,
  load: RunningLoad,
  {
    subject,
    profile,
    moment,
    deadline_s = BUDGET_S.steady,
  }: { subject: string; profile: ProfileName; moment: 'before' | 'after'; deadline_s?: number },
): Promise<void> {
  const record = (held: boolean, reason: string): void => {
    run.timeline.record({ source: 'harness', kind: 'steady_state', subject, data: { moment, held, reason } });
  };
  try {
    const awaited = `the steady state ${moment} the act`;
    const condition = steadyState(profileOf(profile).rate_per_s, STEADY_S);
    const { seen } = await load.waitUntil(condition, { awaited, deadline_s });
    record(true, seen);
  } catch (error) {
    record(false, messageOf(error));
    throw error;
  }
}

/** Notes a deadline that passed and goes on: it is a finding, and the rules say what it means. */
export async function unlessLate(run: ScenarioRun, wait: () => Promise<unknown>): Promise<void> {
  try {
    await wait();
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    run.note(error.message);
  }
}

/** The document of a release under `fixtures/releases`, under the name it is shipped by. */
export async function releaseDocument(file: string, release: string): Promise<ReleaseDocument> {
  const { document } = await readRelease(join(ROOT, 'fixtures', 'releases', `${file}.yaml`));
  return { ...document, release };
}
