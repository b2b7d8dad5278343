import { rm } from 'node:fs/promises';
import { RefusedError, UsageError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { ownKubeconfig, plainAddress } from '#harness/kube/kubeconfig.ts';
import { readIdentity, removeMarker, type UnguardedTarget, writeMarker } from '#harness/kube/marker.ts';
import { writeDurably } from '#harness/lease/durable.ts';
import { thisProcess } from '#harness/lease/owner.ts';
import { freshId } from '#harness/lease/receipt.ts';
import { dockerView } from './docker-ports.ts';
import { guardCluster } from './guard.ts';
import { clusterName } from './names.ts';
import { kubeconfigOf, readRecord, recordedNames, removeRecord, writeRecord } from './record.ts';
import { NODE_PORTS, type PublishedService, type RunningCluster } from './types.ts';

/** What a person says of the cluster that Mettle may act on from now on. */
export interface AdoptOptions {
  /** What Mettle calls it, with or without the prefix `mettle-`. */
  readonly name: string;
  /** Path of a kubeconfig that leads to it; its part is copied. */
  readonly kubeconfig: string;
  /** The API server's address, as the person knows it. */
  readonly api_server: string;
  /** UID of the namespace kube-system, as the person knows it. */
  readonly uid: string;
  /** Ports on 127.0.0.1 at which its services are reached; found where Docker here runs the cluster. */
  readonly ports: Partial<Readonly<Record<PublishedService, number>>>;
  readonly progress: Progress;
}

export interface Adopted extends RunningCluster {
  /** How each port came to be known. */
  readonly found: Readonly<Record<PublishedService, 'given' | 'found' | 'assumed'>>;
}

function checkAddress(text: string): string {
  const address = plainAddress(text);
  if (URL.parse(address)?.protocol === 'https:') return address;
  throw new UsageError(`${JSON.stringify(text)} is no address of an API server`, {
    next: 'Give it as the kubeconfig does, for example https://127.0.0.1:6443',
  });
}

async function refuseKnownName(name: string): Promise<void> {
  if (!(await recordedNames()).includes(name)) return;
  throw new RefusedError(`There is a cluster ${name} already`, {
    next: `Choose another name, or give that one back first: mettle cluster list shows which it is.`,
  });
}

/** Proves that the cluster which answers is the one that the person means, and that nobody else has marked it. */
async function checkIdentity(target: UnguardedTarget, uid: string): Promise<void> {
  const found = await readIdentity(target);
  if (found.uid !== uid) {
    throw new RefusedError(
      `Refusing to adopt ${target.name}: the cluster at ${target.api_server} has kube-system UID ${found.uid || 'none'}, not ${uid}`,
      { next: 'Make sure which cluster you mean; nothing was changed on this one.' },
    );
  }
  if (found.marker !== undefined) {
    const { kind, cluster } = found.marker;
    throw new RefusedError(
      `Refusing to adopt ${target.name}: it carries a marker already (${kind}, as ${cluster})`,
      {
        next: 'Release it where it was adopted. If nothing remembers it any more: kubectl -n mettle-system delete configmap mettle-marker',
      },
    );
  }
}

/**
 * Takes a cluster that somebody else made as one to act on, after proving that it is the one meant: by the API server's
 * address and the UID of its namespace kube-system, both said by a person. Its part of the kubeconfig is copied, the
 * cluster is marked, and the identity is remembered. Mettle never removes it.
 * @throws UsageError for an address or kubeconfig that cannot be used
 * @throws RefusedError when another cluster answers, or it is marked or known already; nothing is changed then
 */
export async function adoptCluster(options: AdoptOptions): Promise<Adopted> {
  const { uid, progress } = options;
  const name = clusterName(options.name);
  await refuseKnownName(name);
  const api_server = checkAddress(options.api_server);
  const own = await ownKubeconfig(options.kubeconfig, api_server);
  const kubeconfig = await kubeconfigOf(name);
  await writeDurably(kubeconfig, own);
  const target = { name, api_server, kubeconfig };
  const marker_id = `adopted-${freshId()}`;
  try {
    progress(`asking ${api_server} who it is`);
    await checkIdentity(target, uid);
    const view = await dockerView(api_server);
    const ports = { ...NODE_PORTS, ...view?.ports, ...options.ports };
    progress(`marking ${name}`);
    await writeMarker(target, marker_id, 'adopted');
    await writeRecord({
      ...target,
      uid,
      ports,
      marker_id,
      owner: await thisProcess(),
      created_at: new Date().toISOString(),
      kept: true,
      kind: 'adopted',
      ...(view ? { nodes: [...view.nodes] } : {}),
    });
    const how = (service: string): 'given' | 'found' | 'assumed' => {
      if (service in options.ports) return 'given';
      return service in (view?.ports ?? {}) ? 'found' : 'assumed';
    };
    return {
      ...(await guardCluster({ name })),
      found: {
        gateway: how('gateway'),
        contour: how('contour'),
        git: how('git'),
        postgres: how('postgres'),
        prometheus: how('prometheus'),
        alertmanager: how('alertmanager'),
        chat: how('chat'),
      },
    };
  } catch (error) {
    // Nothing half-made: without a record the marker would only be in the way.
    await removeMarker(target, marker_id).catch(() => false);
    await removeRecord(name, 'adopted');
    await rm(kubeconfig, { force: true });
    throw error;
  }
}

/**
 * Gives an adopted cluster back: takes the marker away where the cluster still carries it, and forgets the cluster. What was
 * installed there stays.
 * @returns what became of the marker
 * @throws UsageError when no cluster of this name is adopted
 */
export async function releaseCluster(text: string): Promise<'removed' | 'not there' | 'not reached'> {
  const name = clusterName(text);
  const adopted = await recordedNames('adopted');
  if (!adopted.includes(name)) {
    throw new UsageError(`no cluster ${name} is adopted`, {
      next: adopted.length > 0 ? `Adopted: ${adopted.join(', ')}` : 'None is.',
    });
  }
  const record = await readRecord(name).catch(() => undefined);
  const marker =
    record === undefined
      ? 'not reached'
      : await removeMarker(record, record.marker_id).then(
          (removed) => (removed ? 'removed' : 'not there'),
          () => 'not reached' as const,
        );
  await removeRecord(name, 'adopted');
  await rm(await kubeconfigOf(name), { force: true });
  return marker;
}
