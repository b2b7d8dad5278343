import { analysisRunFields, replicaSetFields, rolloutFields } from './argo-fields.ts';
import {
  deployedBy,
  type Fields,
  managersOf,
  MIGRATION_LABEL,
  POD_HASH_LABEL,
  RELEASE_LABEL,
  ROLE_LABEL,
} from './object-labels.ts';
import { conditionOf, statusOf } from './kstatus.ts';
import { at, type KubeObject, listAt, nameOf, numberAt, textAt } from './kubernetes.ts';
import type { Draft, KubernetesObjectData } from './timeline.ts';

function canaryFields(object: KubeObject): Fields {
  const [promoted] = listAt(object, 'status', 'conditions');
  return {
    phase: textAt(object, 'status', 'phase') ?? '',
    weight_pct: numberAt(object, 'status', 'canaryWeight') ?? 0,
    failed_checks: numberAt(object, 'status', 'failedChecks') ?? 0,
    iterations: numberAt(object, 'status', 'iterations') ?? 0,
    condition: textAt(promoted, 'reason') ?? '',
    checks: listAt(object, 'spec', 'analysis', 'metrics').length,
    last_applied: textAt(object, 'status', 'lastAppliedSpec') ?? '',
    last_promoted: textAt(object, 'status', 'lastPromotedSpec') ?? '',
  };
}

/** The lock that the leader of several controllers holds, and for how long without renewing it. */
function leaseFields(object: KubeObject): Fields {
  return {
    holder: textAt(object, 'spec', 'holderIdentity') ?? '',
    duration_s: numberAt(object, 'spec', 'leaseDurationSeconds') ?? 0,
  };
}

/** Which pods a Service selects, as far as a rollout controller narrows it to those of one release. */
function serviceFields(object: KubeObject): Fields {
  return { selects: textAt(object, 'spec', 'selector', POD_HASH_LABEL) ?? '' };
}

/** Names of the maps and Secrets that the init containers of a Deployment read variables from, where there are any. */
function initReferences(object: KubeObject): Fields {
  const names = listAt(object, 'spec', 'template', 'spec', 'initContainers')
    .flatMap((container) => [...listAt(container, 'env'), ...listAt(container, 'envFrom')])
    .flatMap((source) => [
      textAt(source, 'valueFrom', 'configMapKeyRef', 'name'),
      textAt(source, 'valueFrom', 'secretKeyRef', 'name'),
      textAt(source, 'configMapRef', 'name'),
      textAt(source, 'secretRef', 'name'),
    ])
    .filter((name) => name !== undefined);
  return names.length === 0 ? {} : { init_references: names.join(' ') };
}

function deploymentFields(object: KubeObject): Fields {
  return {
    replicas: numberAt(object, 'spec', 'replicas') ?? 1,
    ready: numberAt(object, 'status', 'readyReplicas') ?? 0,
    updated: numberAt(object, 'status', 'updatedReplicas') ?? 0,
    present: numberAt(object, 'status', 'replicas') ?? 0,
    release: textAt(object, 'spec', 'template', 'metadata', 'labels', RELEASE_LABEL) ?? '',
    deployed_by: deployedBy(object),
    ...initReferences(object),
  };
}

function podFields(object: KubeObject): Fields {
  const conditions = listAt(object, 'status', 'conditions');
  const ready = conditions.find((one) => at(one, 'type') === 'Ready');
  const restarts = listAt(object, 'status', 'containerStatuses').reduce<number>(
    (sum, container) => sum + (numberAt(container, 'restartCount') ?? 0),
    0,
  );
  const waiting = listAt(object, 'status', 'containerStatuses')
    .map((container) => textAt(container, 'state', 'waiting', 'reason'))
    .find((reason) => reason !== undefined);
  return {
    phase: textAt(object, 'status', 'phase') ?? '',
    ready: at(ready, 'status') === 'True',
    restarts,
    ...(waiting === undefined ? {} : { waiting }),
    release: object.metadata.labels?.[RELEASE_LABEL] ?? '',
    terminating: object.metadata.deletionTimestamp !== undefined,
    ...labelled(object),
    ...ofMigration(object),
  };
}

/** Which migration a pod or a Job is about, and by the label `app` whether it judges or runs it. */
function ofMigration({ metadata }: KubeObject): Fields {
  const migration = metadata.labels?.[MIGRATION_LABEL];
  return migration === undefined
    ? {}
    : { migration, ...(metadata.labels?.['app'] ? { app: metadata.labels['app'] } : {}) };
}

/** Whether it was started, and how it ended; a suspended one has no time of start. */
function jobFields(object: KubeObject): Fields {
  const ended = (type: string): boolean => conditionOf(object, type)?.status === 'True';
  return {
    suspended: at(object, 'spec', 'suspend') === true,
    started: textAt(object, 'status', 'startTime') !== undefined,
    complete: ended('Complete'),
    failed: ended('Failed'),
    ...ofMigration(object),
  };
}

/** A release document in a map: `release` is what pods that read it call themselves. */
function configFields(object: KubeObject): Fields {
  const name = /^release: *(?<release>\S+)/m.exec(textAt(object, 'data', 'release.yaml') ?? '');
  return {
    release: name?.groups?.['release'] ?? '',
    deployed_by: managersOf(object, 'data', 'release.yaml'),
    content: contentMark(object),
  };
}

/** A mark that is equal where the data of two maps or Secrets is: FNV-1a of 32 bits, too few to tell what is in it. */
function contentMark(object: KubeObject): string {
  const data = Object.entries(Object(at(object, 'data'))).sort(([left], [right]) => (left < right ? -1 : 1));
  let mark = 0x811c9dc5;
  for (const character of JSON.stringify(data)) {
    mark = Math.imul(mark ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return mark.toString(16).padStart(8, '0');
}

/** Only whether it changed: nothing of what a Secret holds is recorded. */
function secretFields(object: KubeObject): Fields {
  return { content: contentMark(object) };
}

/** What a horizontal autoscaler may do, and to which workload. */
function autoscalerFields(object: KubeObject): Fields {
  return {
    target: textAt(object, 'spec', 'scaleTargetRef', 'name') ?? '',
    min: numberAt(object, 'spec', 'minReplicas') ?? 1,
    max: numberAt(object, 'spec', 'maxReplicas') ?? 0,
  };
}

/** Where an object of Flux stands, by its condition Ready; neither ready nor failed while it is at work. */
function fluxFields(object: KubeObject): Fields {
  const ready = conditionOf(object, 'Ready');
  return {
    ready: ready?.status === 'True',
    failed: ready?.status === 'False',
    reason: ready?.reason ?? '',
    message: ready?.message ?? '',
    suspended: at(object, 'spec', 'suspend') === true,
  };
}

/** `revision` is what was fetched, as `<branch>@sha1:<commit>`. */
function gitRepositoryFields(object: KubeObject): Fields {
  return { ...fluxFields(object), revision: textAt(object, 'status', 'artifact', 'revision') ?? '' };
}

/** `revision` is what was applied last, `attempted` what was tried last. */
function kustomizationFields(object: KubeObject): Fields {
  return {
    ...fluxFields(object),
    revision: textAt(object, 'status', 'lastAppliedRevision') ?? '',
    attempted: textAt(object, 'status', 'lastAttemptedRevision') ?? '',
  };
}

/** Both revisions are versions of the chart; one from a Git repository ends in the first digits of the commit. */
function helmReleaseFields(object: KubeObject): Fields {
  const deployed = listAt(object, 'status', 'history').find((one) => textAt(one, 'status') === 'deployed');
  return {
    ...fluxFields(object),
    revision: textAt(deployed, 'chartVersion') ?? '',
    attempted: textAt(object, 'status', 'lastAttemptedRevision') ?? '',
  };
}

/** What Argo Rollouts adds to the pods that it controls. */
function labelled({ metadata }: KubeObject): Fields {
  const hash = metadata.labels?.[POD_HASH_LABEL];
  return hash === undefined ? {} : { hash, role: metadata.labels?.[ROLE_LABEL] ?? '' };
}

const FIELDS_OF: Readonly<Record<string, (object: KubeObject) => Fields>> = {
  AnalysisRun: analysisRunFields,
  Canary: canaryFields,
  Deployment: deploymentFields,
  Job: jobFields,
  Lease: leaseFields,
  Pod: podFields,
  ReplicaSet: replicaSetFields,
  Rollout: rolloutFields,
  Service: serviceFields,
  ConfigMap: configFields,
  HorizontalPodAutoscaler: autoscalerFields,
  Secret: secretFields,
  GitRepository: gitRepositoryFields,
  Kustomization: kustomizationFields,
  HelmRelease: helmReleaseFields,
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
