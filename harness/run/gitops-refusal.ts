import type { DeliveryExpectation } from '#harness/core/expectation.ts';
import { UsageError } from '#harness/core/errors.ts';
import { placeOfRefusal } from '#harness/core/refusal.ts';
import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeDelivery } from '#harness/judge/delivery.ts';
import { refuses } from '#harness/judge/delivery-facts.ts';
import type { Pushed } from '#harness/git/checkout.ts';
import { type ProfileName, profileOf } from '#harness/load/profiles.ts';
import { steadyState } from '#harness/load/steady.ts';
import { observeDelivery } from '#harness/observe/delivery.ts';
import type { TimelineCondition } from '#harness/observe/recorder.ts';
import { observeService } from '#harness/observe/service.ts';
import { observeChat } from '#harness/observe/chat.ts';
import {
  type Applier,
  chartFiles,
  chartValues,
  FLUX_INTERVAL_S,
  kustomizationFiles,
  type RepositoryFiles,
} from '#harness/stack/shop-git.ts';
import { SHOP, shopHost, untilInitialised } from '#harness/stack/shop.ts';
import { observeStack } from '#harness/stack/stack.ts';
import { beginGitops, commitTold, declareDelivery, pushRelease, type RunRepository } from './gitops.ts';
import {
  type Acting,
  beginLoad,
  onCluster,
  releaseDocument,
  STEADY_S,
  unlessLate,
  untilSteady,
} from './on-cluster.ts';
import { NEXT, STABLE } from './rollout-run.ts';
import type { ScenarioRun } from './scenario-run.ts';

/** A commit that the API server does not take. */
export interface GitopsRefusal {
  readonly applier: Applier;
  readonly load: ProfileName;
}

/** Longest time until the shop serves for the first time, in seconds. */
const DEPLOYED_S = 90;

/** A port that no container can have: the definition allows the number, the server does not. */
const BAD_PORT = 70_000;

/** File that is spoilt, by how it is applied. */
const SPOILT: Readonly<Record<Applier, string>> = {
  kustomization: 'apps/shop/deployment.yaml',
  'helm-release': 'charts/shop/templates/deployment.yaml',
};

/** Pushes a commit that cannot be applied while the shop serves, and judges what is said about it and who noticed. */
export async function gitopsRefusal(run: ScenarioRun, refusal: GitopsRefusal): Promise<Verdict> {
  const expectation = declareDelivery(run, {
    applier: refusal.applier,
    workload: `Deployment/${SHOP}`,
    outcome: 'refused',
    start_s: 0,
  });
  return await onCluster(run, {
    act: (acting) => act(acting, { ...refusal, expectation }),
    judge: judgeDelivery,
  });
}

interface Refusing extends GitopsRefusal {
  readonly expectation: DeliveryExpectation;
}

async function filesOf(
  { ctx, namespace }: Acting,
  applier: Applier,
  release: string,
): Promise<RepositoryFiles> {
  const shop = { namespace, release, document: await releaseDocument('good', release) };
  const former = release === STABLE ? [] : [STABLE];
  if (applier === 'kustomization') return await kustomizationFiles(ctx, { ...shop, former });
  return { ...(await chartFiles()), ...chartValues(ctx, shop) };
}

/** The files of a release with one line of the workload spoilt. */
function spoil(files: RepositoryFiles, applier: Applier): RepositoryFiles {
  const path = SPOILT[applier];
  const text = files[path] ?? '';
  const spoilt = text.replace(/containerPort: \d+/, `containerPort: ${BAD_PORT}`);
  if (spoilt === text) throw new UsageError(`${path} holds no containerPort that could be spoilt`);
  return { ...files, [path]: spoilt };
}

async function act(acting: Acting, refusing: Refusing): Promise<void> {
  const { run, ctx, cluster, namespace } = acting;
  const { applier, load: profile } = refusing;
  await using repository = await run.phase('first commit', 'beginning the repository', async () =>
    beginGitops(acting, { applier, files: await filesOf(acting, applier, STABLE) }),
  );
  await run.phase('deploy', `deploying the shop by commit, release ${STABLE}`, () =>
    untilInitialised(ctx, { namespace, deadline_s: DEPLOYED_S }),
  );
  await using stack_observers = await observeStack(ctx, run.timeline);
  await using delivery = await observeDelivery(ctx.kube, namespace, run.timeline);
  await using chat = await observeChat(cluster.ports.chat, namespace, run.timeline);
  await using service = await observeService({ kube: ctx.kube, namespace }, run.timeline);
  await using load = await beginLoad(acting, { profile, host: shopHost(namespace) });
  const steady = { subject: SHOP, profile };
  await run.phase('steady state', 'waiting for the steady state', () =>
    untilSteady(run, load, { ...steady, moment: 'before' }),
  );
  await run.phase('ship', 'pushing a commit that the API server does not take', () =>
    ship(acting, refusing, repository),
  );
  await run.phase('settle', 'waiting for what the commit might change', () =>
    unlessLate(run, async () => {
      // Whoever would apply it in spite of the refusal has had the time to do so twice.
      const undisturbed_s = 2 * FLUX_INTERVAL_S.apply;
      await load.waitUntil(steadyState(profileOf(profile).rate_per_s, undisturbed_s), {
        awaited: 'undisturbed seconds after the refusal',
        deadline_s: 2 * undisturbed_s,
      });
      await untilSteady(run, load, { ...steady, moment: 'after', deadline_s: 2 * STEADY_S });
    }),
  );
  await run.phase('end of load', 'ending the load', async () => {
    await load.stop();
    const open = [service, chat, delivery, stack_observers];
    await Promise.all(open.map((one) => one[Symbol.asyncDispose]()));
  });
}

/** What the controller says of a commit that it could not apply; undefined as long as it says nothing. */
function refusalOf({ applier }: DeliveryExpectation, { commit }: Pushed, timeline: Timeline) {
  return timeline
    .of('kubernetes', 'object')
    .find((record) => record.subject === applier && refuses(record, commit.revision));
}

/** Pushes the spoilt commit, waits until Flux refuses it, and leads its words back to a line of the commit. */
async function ship(
  acting: Acting,
  { applier, expectation }: Refusing,
  repository: RunRepository,
): Promise<void> {
  const { run } = acting;
  const files = spoil(await filesOf(acting, applier, NEXT), applier);
  const document = await releaseDocument('good', NEXT);
  const pushed = await pushRelease(acting, repository, {
    message: `Ship release ${NEXT} of the shop`,
    files,
    document,
  });
  const { revision } = pushed.commit;
  const within_s = 2 * expectation.source_interval_s + expectation.apply_s;
  await unlessLate(run, async () => {
    const refused: TimelineCondition = {
      awaited: `${expectation.applier} to refuse ${revision.slice(0, 12)}`,
      holds: (timeline) => refusalOf(expectation, pushed, timeline) !== undefined,
    };
    await run.timeline.until(refused, within_s, run.signal);
    const words = String(
      refusalOf(expectation, pushed, run.timeline.snapshot())?.data.fields['message'] ?? '',
    ).trim();
    const place = placeOfRefusal(words, repository.files);
    if (place) {
      run.progress(`${place.file}:${place.line}: ${words}`);
      run.timeline.record({
        source: 'git',
        kind: 'refused',
        subject: expectation.applier,
        data: { revision, ...place, message: words },
      });
    }
    await run.timeline.until(commitTold(expectation, pushed), STEADY_S, run.signal);
  });
}
