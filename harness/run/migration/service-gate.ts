/** Asks every pod that is there what it serves and what it needs, before a release is shipped. */
import { type ApiRelease, versionsText } from '#harness/core/dependency.ts';
import { at, type KubeObject, listAt, numberAt, textAt } from '#harness/core/kubernetes.ts';
import { RELEASE_LABEL } from '#harness/core/object-labels.ts';
import { ApiError } from '#harness/kube/api.ts';
import { POD } from '#harness/kube/recording.ts';
import { SHOP } from '#harness/stack/shop.ts';
import { releaseDocument } from '../on-cluster.ts';
import type { Gate, MigrationPlace } from './apply.ts';

const PORT = 8080;
const NO_PAGE = 404;

/** What a release document says of its API. */
export async function apiRelease(app: string, release: string, file: string): Promise<ApiRelease> {
  const { api } = await releaseDocument(file, release);
  return { app, release, serves: api?.serves ?? [], ...(api?.needs ? { needs: api.needs } : {}) };
}

/** A pod by its own word: nothing where it has no part in it, undefined where it says nothing. */
async function apiOf(
  { ctx, namespace }: MigrationPlace,
  { metadata }: KubeObject,
): Promise<ApiRelease | 'none' | undefined> {
  let said: unknown;
  try {
    said = JSON.parse(await ctx.kube.proxyGet({ namespace, pod: metadata.name, port: PORT }, '/api'));
  } catch (error) {
    return error instanceof ApiError && error.status === NO_PAGE ? 'none' : undefined;
  }
  const service = textAt(said, 'needs', 'service');
  const version = numberAt(said, 'needs', 'version');
  return {
    app: metadata.labels?.['app'] ?? '',
    release: metadata.labels?.[RELEASE_LABEL] ?? '',
    serves: listAt(said, 'serves').map(Number),
    ...(service === undefined || version === undefined ? {} : { needs: { service, version } }),
  };
}

function appOf(pod: KubeObject): unknown {
  return at(pod, 'metadata', 'labels', 'app');
}

/**
 * A release fits what is there: every pod of the service that it needs serves the version, and it serves what every pod
 * needs that asks it. Also one that ends is asked, because it is still at work, and one that says nothing is no yes.
 */
export function fits(asked: ApiRelease): Gate {
  const { app, release, needs } = asked;
  return async (place) => {
    const { ctx, namespace } = place;
    const pods = await ctx.kube.list({ ...POD, namespace, labels: `mettle.dev/part-of=${SHOP}` });
    const others = pods.filter((pod) => appOf(pod) !== app);
    if (needs && !others.some((pod) => appOf(pod) === needs.service)) {
      return `${app} ${release} needs version ${needs.version} of ${needs.service}, and there is no pod of it`;
    }
    for (const pod of others) {
      const found = await apiOf(place, pod);
      const { name } = pod.metadata;
      if (found === undefined) return `pod ${name} does not say what it serves and needs`;
      if (found === 'none') continue;
      if (needs?.service === found.app && !found.serves.includes(needs.version)) {
        return `${app} ${release} needs version ${needs.version} of ${needs.service}, and ${found.release} (pod ${name}) serves ${versionsText(found.serves)}`;
      }
      if (found.needs?.service === app && !asked.serves.includes(found.needs.version)) {
        return `${found.app} ${found.release} needs version ${found.needs.version} of ${app} (pod ${name}), and ${release} serves ${versionsText(asked.serves)}`;
      }
    }
    return undefined;
  };
}
