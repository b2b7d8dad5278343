/** What a person asks Flux for when its next look by itself is too far away. */
import { textAt } from '#harness/core/kubernetes.ts';
import { GIT_REPOSITORY, KUSTOMIZATION } from '#harness/kube/recording.ts';
import { type Condition, isCurrent, type ObjectRef } from '#harness/kube/wait.ts';
import { SOURCES } from '#harness/stack/fleet-parts.ts';
import { FLUX_NAMESPACE } from '#harness/stack/flux.ts';
import { FLEET_READY_S } from './ground.ts';
import type { Losing } from './recover.ts';
import { step } from './steps.ts';

const SOURCE = { ...GIT_REPOSITORY, namespace: FLUX_NAMESPACE, name: SOURCES.fleet } as const;

async function ask({ before: { kube } }: Losing, ref: ObjectRef): Promise<void> {
  const requestedAt = new Date().toISOString();
  await kube.patch(ref, { metadata: { annotations: { 'reconcile.fluxcd.io/requestedAt': requestedAt } } });
}

function waiting({ run }: Losing) {
  return { deadline_s: FLEET_READY_S, progress: run.progress, signal: run.signal };
}

/** Lets Flux look at a part at once, which it would do by itself within a minute. */
export async function reconcile(losing: Losing, component: string, workload: ObjectRef): Promise<void> {
  const doing = {
    name: `component/${component}`,
    title: `letting Flux put ${component} back`,
    by_hand: `flux reconcile kustomization ${component}`,
  };
  await step(losing.run, doing, async () => {
    await ask(losing, { ...KUSTOMIZATION, namespace: FLUX_NAMESPACE, name: component });
    await losing.before.kube.waitFor(isCurrent(workload), waiting(losing));
    return `${workload.kind} ${workload.name} is ready`;
  });
}

/** A commit to be the newest that Flux has fetched. */
function isFetched(revision: string): Condition<true> {
  return {
    awaited: `Flux to fetch ${revision.slice(0, 12)}`,
    of: SOURCE,
    test([source]) {
      const fetched = textAt(source, 'status', 'artifact', 'revision') ?? 'nothing';
      return fetched.endsWith(revision) ? { met: true, value: true } : { met: false, seen: fetched };
    },
  };
}

/** Lets Flux fetch a commit at once. */
export async function fetchCommit(losing: Losing, revision: string): Promise<void> {
  await ask(losing, SOURCE);
  await losing.before.kube.waitFor(isFetched(revision), waiting(losing));
}
