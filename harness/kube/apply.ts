import { setTimeout as sleep } from 'node:timers/promises';
import { UnfitError, UsageError } from '#harness/core/errors.ts';
import { at, type KubeObject, listAt, nameOf, textAt } from '#harness/core/kubernetes.ts';
import type { Progress } from '#harness/core/progress.ts';
import { ApiError, type KubeApi } from './api.ts';
import { fieldIn } from './field-path.ts';
import type { Manifest } from './manifests.ts';
import { isCurrent, waitFor } from './wait.ts';

/** The one field manager of everything that Mettle applies. */
export const FIELD_MANAGER = 'mettle';
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'mettle' } as const;

export interface ApplyOptions {
  /** Namespace of namespaced objects that name none. */
  readonly namespace?: string;
  /** Takes fields over from other managers; off unless asked, so that a conflict is seen. */
  readonly force?: boolean;
  /** Upper bound for definitions (CRDs) to be established. */
  readonly deadline_s?: number;
  readonly progress?: Progress;
}

/** Objects are applied stage by stage: a later one needs the earlier ones to be there. */
const STAGES: readonly (readonly string[])[] = [
  // A claim that comes before its volume, or a pod before its claim, is looked at again only seconds later.
  ['CustomResourceDefinition', 'Namespace', 'PersistentVolume'],
  [
    'ServiceAccount',
    'ClusterRole',
    'Role',
    'ClusterRoleBinding',
    'RoleBinding',
    'ConfigMap',
    'Secret',
    'Service',
    'PersistentVolumeClaim',
  ],
];

const DEFAULT_DEADLINE_S = 30;

function stageOf({ object }: Manifest): number {
  const found = STAGES.findIndex((kinds) => kinds.includes(object.kind));
  return found === -1 ? STAGES.length : found;
}

async function applyOne(api: KubeApi, manifest: Manifest, options: ApplyOptions): Promise<KubeObject> {
  const { object, position } = manifest;
  const { namespaced, path } = await api.kind(object.apiVersion, object.kind);
  const namespace = object.metadata.namespace ?? options.namespace;
  if (namespaced && namespace === undefined) {
    throw new UsageError(`${nameOf(object)} names no namespace, and none was given`, { position });
  }
  const metadata = {
    ...object.metadata,
    ...(namespaced ? { namespace } : {}),
    labels: { ...object.metadata.labels, ...MANAGED_BY },
  };
  return await api.object({
    method: 'PATCH',
    path: path(namespace, object.metadata.name),
    query: { fieldManager: FIELD_MANAGER, force: String(options.force ?? false), fieldValidation: 'Strict' },
    content_type: 'application/apply-patch+yaml',
    body: { ...object, metadata },
  });
}

/** The server answers 500 to an object that does not fit its schema, though the mistake is the sender's. */
const UNFIT_OBJECT = /failed to create typed patch object/;

/** A refusal is told with the place in our file, the field's where the server names one: a mistake in the manifest is a usage error, the rest is the cluster's. */
function located(error: unknown, { object, position: start, locate }: Manifest): unknown {
  if (!(error instanceof ApiError)) return error;
  const field = fieldIn(error.message);
  const position = (field && locate?.(field)) ?? start;
  const message = `${nameOf(object)} was refused: ${error.message}`;
  const mistaken = [400, 404, 409, 422].includes(error.status) || UNFIT_OBJECT.test(error.message);
  if (mistaken) return new UsageError(message, { position, cause: error });
  const place = `${position.file}:${position.line}:${position.column}`;
  return new UnfitError(`${place}: ${message}`, { cause: error });
}

/** Discovery follows the condition Established by some milliseconds, and offers nothing to watch. */
const DISCOVERY_PAUSE_MS = 50;

async function established(api: KubeApi, definition: KubeObject, options: ApplyOptions): Promise<void> {
  const deadline_s = options.deadline_s ?? DEFAULT_DEADLINE_S;
  const until = Date.now() + deadline_s * 1000;
  const ref = { api_version: definition.apiVersion, kind: definition.kind, name: definition.metadata.name };
  await waitFor(api, isCurrent(ref), { deadline_s });
  const group = textAt(definition, 'spec', 'group') ?? '';
  const kind = textAt(definition, 'spec', 'names', 'kind') ?? '';
  const served = listAt(definition, 'spec', 'versions').find((one) => at(one, 'served') === true);
  const version = textAt(served, 'name');
  if (version === undefined) return;
  for (;;) {
    try {
      await api.kind(`${group}/${version}`, kind);
      return;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404 || Date.now() > until) throw error;
      await sleep(DISCOVERY_PAUSE_MS);
    }
  }
}

/**
 * Applies objects on the server's side, definitions and namespaces first; definitions are established before
 * anything of their kind is sent. Returns the objects as the server now holds them.
 * @throws UsageError with file, line and column for an object that the API server refuses
 * @throws UnfitError when the API server fails or does not answer
 */
export async function applyManifests(
  api: KubeApi,
  manifests: readonly Manifest[],
  options: ApplyOptions = {},
): Promise<KubeObject[]> {
  const applied: KubeObject[] = [];
  for (let stage = 0; stage <= STAGES.length; stage += 1) {
    const batch = manifests.filter((manifest) => stageOf(manifest) === stage);
    const answers = await Promise.all(
      batch.map(async (manifest) => {
        try {
          return await applyOne(api, manifest, options);
        } catch (error) {
          throw located(error, manifest);
        }
      }),
    );
    applied.push(...answers);
    const definitions = answers.filter(({ kind }) => kind === 'CustomResourceDefinition');
    await Promise.all(definitions.map((definition) => established(api, definition, options)));
    if (batch.length > 0)
      options.progress?.(`applied ${batch.map(({ object }) => nameOf(object)).join(', ')}`);
  }
  return applied;
}
