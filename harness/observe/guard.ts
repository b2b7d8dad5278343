/** What guards and migrations do in a namespace, by their Jobs and pods: nobody who opens or closes a gate is asked. */
import { parseGuardBrief } from '#harness/core/guard/brief.ts';
import { at, type KubeObject, listAt, numberAt, textAt } from '#harness/core/kubernetes.ts';
import { GUARD_APP, MIGRATION_APP } from '#harness/core/migration.ts';
import { MIGRATION_LABEL } from '#harness/core/object-labels.ts';
import type { Draft, Recorder } from '#harness/core/timeline.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { JOB, objectsOf, POD, type Recorded, recordWatches } from '#harness/kube/recording.ts';

interface End {
  readonly exit_code: number;
  readonly message: string;
}

/** How the first container of a pod ended, this time or the time before. */
function endOf(pod: KubeObject): End | undefined {
  const [status] = listAt(pod, 'status', 'containerStatuses');
  const ended = at(status, 'state', 'terminated') ?? at(status, 'lastState', 'terminated');
  const exit_code = numberAt(ended, 'exitCode');
  return exit_code === undefined ? undefined : { exit_code, message: textAt(ended, 'message') ?? '' };
}

function subjectOf(pod: KubeObject): string {
  const { namespace = '', labels } = pod.metadata;
  return `Migration/${namespace}/${labels?.[MIGRATION_LABEL] ?? ''}`;
}

/** The verdict that a guard's pod left behind; one that left none said nothing. */
function verdictOf(pod: KubeObject): Draft | undefined {
  const end = endOf(pod);
  const brief = end && parseGuardBrief(end.message);
  if (!end || !brief) return undefined;
  return {
    source: 'database',
    kind: 'guard',
    subject: subjectOf(pod),
    data: { ...brief, exit_code: end.exit_code, pod: pod.metadata.name },
  };
}

/** Where a migration stands, by its pod. */
function migrationOf(pod: KubeObject): Draft {
  const end = endOf(pod);
  const state = end === undefined ? 'begun' : end.exit_code === 0 ? 'applied' : 'failed';
  const note =
    end === undefined
      ? `its pod ${pod.metadata.name} was made`
      : `its pod ${pod.metadata.name} ended with ${end.exit_code}`;
  return { source: 'database', kind: 'migration', subject: subjectOf(pod), data: { state, note } };
}

/** Each thing is said once of each pod. */
function once(of: string, draftOf: (pod: KubeObject) => Draft | undefined, namespace: string): Recorded {
  const said = new Set<string>();
  return {
    selection: { ...POD, namespace, labels: `app=${of},${MIGRATION_LABEL}` },
    drafts: ({ object, verb }) => {
      const draft = verb === 'deleted' ? undefined : draftOf(object);
      if (draft === undefined) return [];
      const mark = `${object.metadata.name} ${JSON.stringify(draft.data)}`;
      if (said.has(mark)) return [];
      said.add(mark);
      return [draft];
    },
  };
}

/** Other kinds whose changes tell who opened or closed the gate. */
export type GateKind = { readonly api_version: string; readonly kind: string };

/**
 * Records the verdicts of guards, the course of migrations and their Jobs in a namespace, as observer `guard`. The course says
 * `begun` from the moment that the API server has a pod for it.
 */
export async function observeGuard(
  { kube, namespace }: { readonly kube: KubeClient; readonly namespace: string },
  kinds: readonly GateKind[],
  recorder: Recorder,
): Promise<AsyncDisposable> {
  const recorded = [
    ...[JOB, ...kinds].map((kind) => objectsOf({ ...kind, namespace })),
    once(GUARD_APP, verdictOf, namespace),
    once(MIGRATION_APP, migrationOf, namespace),
  ];
  return await recordWatches(kube, 'guard', recorded, recorder);
}
