import { statusOf } from './kstatus.ts';
import { at, type KubeObject, listAt, nameOf, numberAt, textAt } from './kubernetes.ts';
import type { Draft, KubernetesObjectData } from './timeline.ts';

type Fields = Record<string, string | number | boolean>;

/** Label that a pod of a release carries; Flagger copies it to the primary with the pod template. */
export const RELEASE_LABEL = 'mettle.dev/release';

function canaryFields(object: KubeObject): Fields {
  const [promoted] = listAt(object, 'status', 'conditions');
  return {
    phase: textAt(object, 'status', 'phase') ?? '',
    weight_pct: numberAt(object, 'status', 'canaryWeight') ?? 0,
    failed_checks: numberAt(object, 'status', 'failedChecks') ?? 0,
    condition: textAt(promoted, 'reason') ?? '',
  };
}

function deploymentFields(object: KubeObject): Fields {
  return {
    replicas: numberAt(object, 'spec', 'replicas') ?? 1,
    ready: numberAt(object, 'status', 'readyReplicas') ?? 0,
    updated: numberAt(object, 'status', 'updatedReplicas') ?? 0,
    present: numberAt(object, 'status', 'replicas') ?? 0,
    release: textAt(object, 'spec', 'template', 'metadata', 'labels', RELEASE_LABEL) ?? '',
  };
}

function podFields(object: KubeObject): Fields {
  const conditions = listAt(object, 'status', 'conditions');
  const ready = conditions.find((one) => at(one, 'type') === 'Ready');
  const restarts = listAt(object, 'status', 'containerStatuses').reduce<number>(
    (sum, container) => sum + (numberAt(container, 'restartCount') ?? 0),
    0,
  );
  return {
    phase: textAt(object, 'status', 'phase') ?? '',
    ready: at(ready, 'status') === 'True',
    restarts,
    release: object.metadata.labels?.[RELEASE_LABEL] ?? '',
    terminating: object.metadata.deletionTimestamp !== undefined,
  };
}

const FIELDS_OF: Readonly<Record<string, (object: KubeObject) => Fields>> = {
  Canary: canaryFields,
  Deployment: deploymentFields,
  Pod: podFields,
};

/** The facts of an object that rules and reports read; for an unknown kind where it stands by kstatus. */
export function fieldsOf(object: KubeObject): Fields {
  const known = FIELDS_OF[object.kind];
  return known ? known(object) : { standing: statusOf(object).standing };
}

/** The record of one change of an object. */
export function objectDraft(verb: KubernetesObjectData['verb'], object: KubeObject): Draft {
  const { generation, resourceVersion = '' } = object.metadata;
  return {
    source: 'kubernetes',
    kind: 'object',
    subject: nameOf(object),
    data: {
      verb,
      resource_version: resourceVersion,
      ...(generation === undefined ? {} : { generation }),
      fields: fieldsOf(object),
    },
  };
}

/** Only whole seconds are kept in an Event. */
const EVENT_CLOCK_ERROR_MS = 1_000;
/** An Event that arrives this soon after its own time has just happened: then its arrival is the better clock. */
const FRESH_MS = 2_500;

/**
 * The record of an Event. Its own time has whole seconds only, so the arrival counts when both agree.
 * @param arrived_at when the watch handed it on, in ms since the epoch
 */
export function eventDraft(event: KubeObject, arrived_at: number): Draft {
  const kind = textAt(event, 'involvedObject', 'kind') ?? '';
  const name = textAt(event, 'involvedObject', 'name') ?? '';
  const namespace = textAt(event, 'involvedObject', 'namespace');
  const told =
    textAt(event, 'series', 'lastObservedTime') ??
    textAt(event, 'lastTimestamp') ??
    textAt(event, 'eventTime') ??
    event.metadata.creationTimestamp;
  const own = told === undefined ? Number.NaN : Date.parse(told);
  const late_ms = arrived_at - own;
  const fresh = Number.isNaN(own) || (late_ms >= -FRESH_MS && late_ms <= FRESH_MS);
  return {
    source: 'kubernetes',
    kind: 'event',
    at: fresh ? arrived_at : own,
    ...(fresh ? {} : { clock_error_ms: EVENT_CLOCK_ERROR_MS }),
    subject: nameOf({ kind, metadata: namespace === undefined ? { name } : { name, namespace } }),
    data: {
      type: textAt(event, 'type') ?? '',
      reason: textAt(event, 'reason') ?? '',
      message: textAt(event, 'message') ?? textAt(event, 'note') ?? '',
      count: numberAt(event, 'series', 'count') ?? numberAt(event, 'count') ?? 1,
      reporter: textAt(event, 'reportingComponent') || (textAt(event, 'source', 'component') ?? ''),
    },
  };
}
