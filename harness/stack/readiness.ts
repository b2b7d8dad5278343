import { isDeepStrictEqual } from 'node:util';
import { DeadlineError, messageOf, UnfitError } from '#harness/core/errors.ts';
import { conditionOf, statusOf } from '#harness/core/kstatus.ts';
import { at, type KubeObject, listAt, numberAt, textAt } from '#harness/core/kubernetes.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { POD } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';

/** Something that runs pods. */
export interface Workload {
  /** A Deployment unless said. */
  readonly kind?: 'Deployment' | 'DaemonSet' | 'StatefulSet';
  readonly namespace: string;
  readonly name: string;
  /** Label selector of its pods; `app=<name>` when absent. */
  readonly labels?: string;
}

/** Version and kind of a workload, as references want them. */
export function apiVersionOf({ kind = 'Deployment' }: Workload): { api_version: string; kind: string } {
  return { api_version: 'apps/v1', kind };
}

/** Restarts after which a crash is no accident of the start: parts that look for others at once may crash once. */
const RESTARTS_MAX = 2;
const LOG_LINES = 15;
const IMAGE_REASONS: ReadonlySet<string> = new Set([
  'ErrImageNeverPull',
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
]);

/** Why a pod will not come up by waiting. */
export interface PodFailure {
  readonly pod: string;
  readonly namespace: string;
  readonly container: string;
  readonly node: string;
  readonly cause: 'image' | 'crash' | 'config';
  /** The fact that decided: the reason, the image or the exit code. */
  readonly detail: string;
}

/**
 * Why waiting for a pod is in vain; undefined while it may still come up. Images are preloaded, so one that is absent now
 * is absent for good.
 * Source of the reasons: kubelet, pkg/kubelet/images/types.go and pkg/kubelet/container/sync_result.go.
 */
export function podFailure(pod: KubeObject): PodFailure | undefined {
  const { name, namespace = 'default' } = pod.metadata;
  if (pod.metadata.deletionTimestamp !== undefined) return undefined;
  const node = textAt(pod, 'spec', 'nodeName') ?? 'no node';
  const containers = [
    ...listAt(pod, 'status', 'initContainerStatuses'),
    ...listAt(pod, 'status', 'containerStatuses'),
  ];
  for (const one of containers) {
    const reason = textAt(one, 'state', 'waiting', 'reason') ?? '';
    const container = textAt(one, 'name') ?? '';
    const found = { pod: name, namespace, container, node };
    if (IMAGE_REASONS.has(reason)) {
      return { ...found, cause: 'image', detail: `${reason}: ${textAt(one, 'image') ?? 'no image'}` };
    }
    if (reason === 'CreateContainerConfigError' && missingForGood(one)) {
      return { ...found, cause: 'config', detail: textAt(one, 'state', 'waiting', 'message') ?? reason };
    }
    const restarts = numberAt(one, 'restartCount') ?? 0;
    if (reason === 'CrashLoopBackOff' && restarts >= RESTARTS_MAX) {
      const exit_code = numberAt(one, 'lastState', 'terminated', 'exitCode');
      return {
        ...found,
        cause: 'crash',
        detail: `${restarts + 1} times, the last with exit code ${exit_code}`,
      };
    }
  }
  return undefined;
}

/** What of a container decides whether it can start, and is the same in a pod as in the template that it was made from. */
const STARTED_BY = ['image', 'command', 'args', 'env', 'envFrom'] as const;

/**
 * Whether a pod was made from a workload's present template. A pod of an earlier one says nothing about whether the
 * present one comes up.
 */
export function isOfTemplate(workload: KubeObject, pod: KubeObject): boolean {
  const own = new Map(listAt(pod, 'spec', 'containers').map((one) => [textAt(one, 'name'), one]));
  return listAt(workload, 'spec', 'template', 'spec', 'containers').every((wanted) => {
    const found = own.get(textAt(wanted, 'name'));
    return STARTED_BY.every((field) => isDeepStrictEqual(at(found, field), at(wanted, field)));
  });
}

/** A user that does not fit the image does not change; a config map may still be on its way. */
function missingForGood(container: unknown): boolean {
  return /runAsNonRoot|run as root/.test(textAt(container, 'state', 'waiting', 'message') ?? '');
}

async function lastWords(kube: KubeClient, failure: PodFailure): Promise<string> {
  const { namespace, pod, container } = failure;
  try {
    const log = await kube.logs(namespace, pod, { container, tail_lines: LOG_LINES, previous: true });
    return log.trim() === '' ? 'it wrote nothing' : `its last lines:\n${log.trimEnd()}`;
  } catch (error) {
    return `its log cannot be read: ${messageOf(error)}`;
  }
}

async function failureError(kube: KubeClient, failure: PodFailure): Promise<UnfitError> {
  const { cause, namespace, pod, container, node, detail } = failure;
  const what = `pod ${namespace}/${pod}, container ${container}, on node ${node}`;
  if (cause === 'image') {
    return new UnfitError(`${what} has no image to start: ${detail}`, {
      next: 'mettle images list shows what the node image holds; make a new cluster (mettle cluster create) so that its node holds this image.',
    });
  }
  if (cause === 'config') return new UnfitError(`${what} cannot be started: ${detail}`);
  return new UnfitError(`${what} crashed ${detail}; ${await lastWords(kube, failure)}`);
}

/** The pods of a workload, each with where it stands. */
async function podStandings(kube: KubeClient, { namespace, name, labels }: Workload): Promise<string> {
  const pods = await kube.list({ ...POD, namespace, labels: labels ?? `app=${name}` });
  return pods.map((pod) => `${pod.metadata.name}: ${statusOf(pod).message}`).join('; ');
}

/** What a workload itself says when it has no pods: a quota or an admission refused them. */
async function refusalOf(kube: KubeClient, workload: Workload): Promise<string> {
  const { namespace, name } = workload;
  const object = await kube.get({ ...apiVersionOf(workload), namespace, name });
  const failed = object && conditionOf(object, 'ReplicaFailure');
  return failed?.status === 'True' ? `no pods: ${failed.message}` : 'no pods';
}

/**
 * Waits until a workload is as asked.
 * @throws DeadlineError with what its pods say
 * @throws UnfitError at once when one of its pods cannot come up by waiting
 */
export async function untilReady(
  ctx: { readonly kube: KubeClient; readonly signal?: AbortSignal },
  workload: Workload,
  deadline_s: number,
): Promise<void> {
  const { kube, signal } = ctx;
  const { namespace, name, labels = `app=${name}` } = workload;
  const condition = isCurrent({ ...apiVersionOf(workload), namespace, name });
  const over = new AbortController();
  const failed = Promise.withResolvers<never>();
  let told = false;
  const look = async (pod: KubeObject): Promise<void> => {
    const failure = told ? undefined : podFailure(pod);
    if (failure === undefined) return;
    const object = await kube.get({ ...apiVersionOf(workload), namespace, name });
    if (told || (object !== undefined && !isOfTemplate(object, pod))) return;
    told = true;
    failed.reject(await failureError(kube, failure));
  };
  await using _watching = kube.watch(
    { ...POD, namespace, labels },
    {
      onChange({ object }) {
        look(object).catch(failed.reject);
      },
    },
  );
  try {
    const until = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
    const ready = kube.waitFor(condition, { deadline_s, signal: until });
    // When a pod fails first, nobody listens to how this wait ends.
    ready.catch(() => undefined);
    await Promise.race([ready, failed.promise]);
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    const pods = await podStandings(kube, workload).catch(() => 'pods unknown');
    const seen = pods || (await refusalOf(kube, workload).catch(() => 'no pods'));
    throw new DeadlineError(condition.awaited, deadline_s, seen, { cause: error });
  } finally {
    over.abort();
  }
}
