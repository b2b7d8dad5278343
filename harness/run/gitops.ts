import { join } from 'node:path';
import type { DeliveryExpectation } from '#harness/core/expectation.ts';
import { messageOf } from '#harness/core/errors.ts';
import { EvidenceFolder } from '#harness/evidence/folder.ts';
import { beginRepository, type Change, type GitCheckout, type Pushed } from '#harness/git/checkout.ts';
import { applies, isOf } from '#harness/judge/delivery-facts.ts';
import type { TimelineCondition } from '#harness/observe/recorder.ts';
import { gitRemote, removeRepository } from '#harness/stack/git.ts';
import {
  APPLIERS,
  type Applier,
  beginDelivery,
  FLUX_INTERVAL_S,
  type FluxProvider,
  type RepositoryFiles,
} from '#harness/stack/shop-git.ts';
import { SHOP } from '#harness/stack/shop.ts';
import type { Acting } from './on-cluster.ts';
import type { ScenarioRun } from './scenario-run.ts';
import { NEXT, STABLE } from './rollout-run.ts';

/**
 * Longest time from a fetched commit to its application, in seconds. A kustomization is applied at once; of a chart an
 * artifact is made first, and Helm waits until what it applied is ready.
 */
const APPLY_S: Readonly<Record<Applier, number>> = { kustomization: 5, 'helm-release': 15 };

/** The repository of a run: what it holds, and the ways to change it. */
export interface RunRepository extends AsyncDisposable {
  /** Contents of the files as they were last pushed. */
  readonly files: RepositoryFiles;
  /** Commits, pushes and records a change. Throws as `GitCheckout.push`. */
  push(change: Change): Promise<Pushed>;
}

/** What a delivery declares before it acts. */
export function declareDelivery(
  run: ScenarioRun,
  {
    applier,
    workload,
    ...rest
  }: { readonly applier: Applier; readonly workload: string } & Pick<
    DeliveryExpectation,
    'outcome' | 'start_s'
  >,
): DeliveryExpectation {
  const namespace = run.run_id;
  const { kind, manager } = APPLIERS[applier];
  const data: DeliveryExpectation = {
    of: 'delivery',
    namespace,
    source: `GitRepository/${namespace}/${SHOP}`,
    applier: `${kind}/${namespace}/${SHOP}`,
    workload: `${workload.split('/')[0]}/${namespace}/${workload.split('/')[1]}`,
    manager,
    release: NEXT,
    serving: STABLE,
    source_interval_s: FLUX_INTERVAL_S.source,
    apply_s: APPLY_S[applier],
    ...rest,
  };
  run.timeline.record({ source: 'harness', kind: 'expectation', subject: data.workload, data });
  return data;
}

/** Keeps the repository's history with the evidence of the run, whatever became of it. */
async function keepHistory(run: ScenarioRun, checkout: GitCheckout): Promise<void> {
  const folder = new EvidenceFolder(join(run.dir, 'evidence'));
  await folder.attempt('git history', async () => folder.write('git/history.txt', await checkout.history()));
  for (const gap of folder.gaps) run.note(`${gap.what} was not kept: ${gap.reason}`);
}

/**
 * Begins the repository of a run with its first commit, and points Flux at it. Disposing of the result keeps the history
 * with the run's evidence and removes the repository from the server, unless the cluster is to be kept as it is.
 * @throws CommandError when the Git server refuses the push
 */
export async function beginGitops(
  { run, ctx, cluster, namespace }: Acting,
  {
    applier,
    files,
    providers,
    gated = false,
  }: {
    readonly applier: Applier;
    /** Guard, migration and release are steps of their own. */
    readonly gated?: boolean;
    readonly files: RepositoryFiles;
    /** How Flux speaks to the chat; `slack` when absent. */
    readonly providers?: readonly FluxProvider[];
  },
): Promise<RunRepository> {
  const remote = await gitRemote(ctx.kube, cluster, namespace);
  await using kept = new AsyncDisposableStack();
  if (run.environment.keep !== 'always') {
    kept.defer(async () => {
      await removeRepository(remote).catch((error: unknown) => run.note(messageOf(error)));
    });
  }
  const checkout = kept.use(await beginRepository(remote));
  kept.defer(() => keepHistory(run, checkout));
  let present: RepositoryFiles = {};
  const push = async (change: Change): Promise<Pushed> => {
    const pushed = await checkout.push(change);
    const { at, commit: data } = pushed;
    const changed = Object.entries({ ...present, ...change.files });
    present = Object.fromEntries(changed.filter((entry): entry is [string, string] => entry[1] !== null));
    run.timeline.record({ at, source: 'git', kind: 'commit', subject: `Repository/${namespace}`, data });
    return pushed;
  };
  await push({ message: `Ship release ${STABLE} of the shop`, files });
  const told = providers ? { providers } : {};
  await beginDelivery(ctx, { namespace, repository: namespace, remote, applier, gated, ...told });
  const repository = kept.move();
  return {
    get files() {
      return present;
    },
    push,
    [Symbol.asyncDispose]: () => repository.disposeAsync(),
  };
}

/** Pushes the commit that is judged, and records that its release was shipped at that moment. */
export async function pushRelease(
  { run, namespace }: Acting,
  repository: RunRepository,
  { files, message, document }: Change & { readonly document: unknown },
): Promise<Pushed> {
  const pushed = await repository.push({ message, files });
  run.timeline.record({
    at: pushed.at,
    source: 'release',
    kind: 'shipped',
    subject: `Repository/${namespace}`,
    data: { release: NEXT, document },
  });
  return pushed;
}

/** The controller said of a commit that it was applied. */
export function commitApplied({ applier }: DeliveryExpectation, { commit }: Pushed): TimelineCondition {
  return {
    awaited: `${applier} to apply ${commit.revision.slice(0, 12)}`,
    holds: (timeline) =>
      timeline
        .of('kubernetes', 'object')
        .some((record) => record.subject === applier && applies(record, commit.revision)),
  };
}

/** The chat was told of a commit. */
export function commitTold({ applier }: DeliveryExpectation, { commit }: Pushed): TimelineCondition {
  return {
    awaited: `a message of Flux about ${commit.revision.slice(0, 12)}`,
    holds: (timeline) =>
      timeline
        .of('chat', 'message')
        .some(
          ({ subject, data }) =>
            subject === applier && Object.values(data.fields).some((value) => isOf(value, commit.revision)),
        ),
  };
}
