import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { at, type KubeObject, nameOf, textAt } from '#harness/core/kubernetes.ts';
import { nearest } from '#harness/core/nearest.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { DEPLOYMENT, ROLLOUT } from '#harness/kube/recording.ts';
import type { ObjectRef } from '#harness/kube/wait.ts';
import { freshId } from '#harness/lease/receipt.ts';
import type { FaultContext, FaultPlan, Probe } from './fault.ts';
import { Change, fieldsChanged, makeChange, planChange, undoChange } from './patch.ts';
import {
  changeTemplate,
  planTemplate,
  podsOfChange,
  probeRestored,
  restoreTemplate,
  TemplateChange,
} from './pod-template.ts';

/** What carries data to pods. */
export type DataKind = 'ConfigMap' | 'Secret';

/** State of a fault that changes data and has the pods that use it read it anew. */
const DataState = v.object({ data: Change, restarts: v.array(TemplateChange) });
type DataState = v.InferOutput<typeof DataState>;

export const keyOption = v.pipe(v.string(), v.minLength(1), v.description('key whose value is changed'));

/** Programs read their configuration when they start. */
export const restartOption = v.optional(
  v.pipe(
    v.boolean('must be true or false'),
    v.description('have every workload that uses it make new pods, which read it; true when absent'),
  ),
  true,
);

interface DataFault {
  readonly kind: DataKind;
  readonly name: string;
  readonly key: string;
  readonly restart: boolean;
  /** What becomes of the value; `undefined` removes the key. */
  readonly to: (value: string) => string | undefined;
  /** Fewest workloads that must use it. */
  readonly users_min?: number;
}

function uses(value: unknown, kind: DataKind, name: string): boolean {
  if (Array.isArray(value)) return value.some((one) => uses(one, kind, name));
  if (typeof value !== 'object' || value === null) return false;
  const found =
    kind === 'ConfigMap'
      ? [
          textAt(value, 'configMap', 'name'),
          textAt(value, 'configMapRef', 'name'),
          textAt(value, 'configMapKeyRef', 'name'),
        ]
      : [
          textAt(value, 'secret', 'secretName'),
          textAt(value, 'secret', 'name'),
          textAt(value, 'secretRef', 'name'),
          textAt(value, 'secretKeyRef', 'name'),
        ];
  return found.includes(name) || Object.values(value).some((one) => uses(one, kind, name));
}

/** Workloads of a namespace whose pods are given the data. */
async function usersOf(
  kube: KubeClient,
  namespace: string,
  kind: DataKind,
  name: string,
): Promise<readonly KubeObject[]> {
  const deployments = await kube.list({ ...DEPLOYMENT, namespace });
  const knows_rollouts = (await kube.kinds()).some((one) => one.kind === ROLLOUT.kind);
  const rollouts = knows_rollouts ? await kube.list({ ...ROLLOUT, namespace }) : [];
  return [...deployments, ...rollouts].filter((one) => uses(at(one, 'spec', 'template'), kind, name));
}

function decoded(kind: DataKind, value: unknown): string {
  const text = typeof value === 'string' ? value : '';
  return kind === 'Secret' ? Buffer.from(text, 'base64').toString('utf8') : text;
}

function encoded(kind: DataKind, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  return kind === 'Secret' ? Buffer.from(value, 'utf8').toString('base64') : value;
}

async function keyOf(kube: KubeClient, ref: ObjectRef, { kind, name, key }: DataFault): Promise<void> {
  const object = await kube.get(ref);
  if (object === undefined) {
    const { name: _name, ...all } = ref;
    const names = (await kube.list(all)).map(({ metadata }) => metadata.name);
    const near = nearest(name, names);
    throw new UsageError(`there is no ${kind} ${ref.namespace}/${name}`, {
      next:
        near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `There are: ${names.join(', ') || 'none'}`,
    });
  }
  const keys = Object.keys(Object(at(object, 'data')));
  if (keys.includes(key)) return;
  throw new UsageError(`${nameOf(object)} has no key ${JSON.stringify(key)}`, {
    next: `It has: ${keys.join(', ') || 'none'}`,
  });
}

/** Plans the change of one key, and new pods for those who use it. @throws UsageError when there is nothing to change */
export async function planData(
  { kube }: FaultContext,
  namespace: string,
  fault: DataFault,
): Promise<FaultPlan<DataState>> {
  const { kind, name, key, restart, to, users_min = 0 } = fault;
  const ref = { api_version: 'v1', kind, namespace, name };
  await keyOf(kube, ref, fault);
  const users = await usersOf(kube, namespace, kind, name);
  if (users.length < users_min) {
    throw new UsageError(
      `${kind}/${namespace}/${name} is used by ${users.map(nameOf).join(', ') || 'no workload'} alone, not by ${users_min} workloads`,
    );
  }
  const data = await planChange(kube, ref, [
    { path: ['data', key], to: (value) => encoded(kind, to(decoded(kind, value))) },
  ]);
  const restarts = restart
    ? await Promise.all(
        users.map((user) =>
          planTemplate(
            kube,
            { api_version: user.apiVersion, kind: user.kind, namespace, name: user.metadata.name },
            freshId(),
            [],
          ),
        ),
      )
    : [];
  const names = users.map(nameOf);
  return {
    targets: [`${kind}/${namespace}/${name}`, ...(restart ? names : [])],
    harm: `pods of ${names.join(', ') || 'no workload'} that start meanwhile read a changed ${key}${restart ? '; they are made to start' : ''}`,
    state: { data, restarts },
  };
}

async function changeData(ctx: FaultContext, { data, restarts }: DataState): Promise<void> {
  await makeChange(ctx.kube, data);
  await Promise.all(restarts.map((one) => changeTemplate(ctx, one)));
}

/** Looks whether the data differs, and whether pods were made that read it. */
async function probeData(ctx: FaultContext, { data, restarts }: DataState): Promise<Probe> {
  const changed = await fieldsChanged(ctx.kube, data);
  const pods = await Promise.all(restarts.map((one) => podsOfChange(ctx, one)));
  const without = pods.filter((some) => some.length === 0).length;
  return {
    holds: changed > 0 && without === 0,
    seen: `${changed} of ${data.fields.length} keys differ; ${pods.flat().length} pods read them`,
  };
}

async function restoreData(ctx: FaultContext, { data, restarts }: DataState): Promise<void> {
  await undoChange(ctx.kube, data);
  await Promise.all(restarts.map((one) => restoreTemplate(ctx, one)));
}

async function probeDataRestored(ctx: FaultContext, { data, restarts }: DataState): Promise<Probe> {
  const changed = await fieldsChanged(ctx.kube, data);
  const probes = await Promise.all(restarts.map((one) => probeRestored(ctx, one)));
  return {
    holds: changed === 0 && probes.every(({ holds }) => holds),
    seen: [`${changed} keys still differ`, ...probes.map(({ seen }) => seen)].join('; '),
  };
}

/** What all faults that change data have in common: what is kept, and how it is made, proven, undone and proven undone. */
export const DATA_CHANGE = {
  state: DataState,
  inject: changeData,
  probeOn: probeData,
  heal: restoreData,
  probeOff: probeDataRestored,
} as const;
