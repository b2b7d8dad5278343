import { at, type KubeObject, listAt, numberAt, textAt } from './kubernetes.ts';
import {
  deployedBy,
  type Fields,
  POD_HASH_LABEL,
  RELEASE_LABEL,
  TOUCHED_ANNOTATION,
} from './object-labels.ts';

/**
 * A Rollout of Argo Rollouts. `stable` and `canary` are the hashes of the pods that serve and of those that are asked
 * for; `active` and `preview` are those that the Services of a blue/green rollout select. Source:
 * pkg/apis/rollouts/v1alpha1/types.go of Argo Rollouts 1.10.
 */
export function rolloutFields(object: KubeObject): Fields {
  const count = (...path: string[]): number => numberAt(object, ...path) ?? 0;
  const active = textAt(object, 'status', 'blueGreen', 'activeSelector');
  const preview = textAt(object, 'status', 'blueGreen', 'previewSelector');
  return {
    phase: textAt(object, 'status', 'phase') ?? '',
    message: textAt(object, 'status', 'message') ?? '',
    aborted: at(object, 'status', 'abort') === true,
    pauses: listAt(object, 'status', 'pauseConditions')
      .map((one) => textAt(one, 'reason') ?? '')
      .join(' '),
    step: count('status', 'currentStepIndex'),
    weight_pct: count('status', 'canary', 'weights', 'canary', 'weight'),
    desired_weight_pct: desiredWeight(object),
    stable: textAt(object, 'status', 'stableRS') ?? '',
    canary: textAt(object, 'status', 'currentPodHash') ?? '',
    ...(active === undefined ? {} : { active }),
    ...(preview === undefined ? {} : { preview }),
    replicas: numberAt(object, 'spec', 'replicas') ?? 1,
    ready: count('status', 'readyReplicas'),
    updated: count('status', 'updatedReplicas'),
    available: count('status', 'availableReplicas'),
    present: count('status', 'replicas'),
    release: textAt(object, 'spec', 'template', 'metadata', 'labels', RELEASE_LABEL) ?? '',
    deployed_by: deployedBy(object),
    ...rolloutSettings(object),
  };
}

/** What a Rollout is told beside its pods, as far as it is told: limits, what a person asked for, and a foreign mark. */
function rolloutSettings(object: KubeObject): Fields {
  const strategy =
    at(object, 'spec', 'strategy', 'canary') ?? at(object, 'spec', 'strategy', 'blueGreen') ?? {};
  const settings: Readonly<Record<string, string | number | undefined>> = {
    abort_delay_s: numberAt(strategy, 'abortScaleDownDelaySeconds'),
    preview_replicas: numberAt(strategy, 'previewReplicaCount'),
    progress_deadline_s: numberAt(object, 'spec', 'progressDeadlineSeconds'),
    window: numberAt(object, 'spec', 'rollbackWindow', 'revisions'),
    scale_down: textAt(object, 'spec', 'workloadRef', 'scaleDown'),
    touched: object.metadata.annotations?.[TOUCHED_ANNOTATION],
  };
  const told = Object.entries(settings).filter(
    (entry): entry is [string, string | number] => entry[1] !== undefined,
  );
  return {
    ...Object.fromEntries(told),
    ...(at(object, 'spec', 'progressDeadlineAbort') === true ? { deadline_aborts: true } : {}),
    ...(at(object, 'status', 'promoteFull') === true ? { promote_full: true } : {}),
  };
}

/**
 * The pods of one release, as Argo Rollouts asks for them; `scale_down_at` is until when it keeps those that it no
 * longer needs.
 */
export function replicaSetFields(object: KubeObject): Fields {
  const scale_down_at = object.metadata.annotations?.['scale-down-deadline'];
  return {
    replicas: numberAt(object, 'spec', 'replicas') ?? 1,
    present: numberAt(object, 'status', 'replicas') ?? 0,
    available: numberAt(object, 'status', 'availableReplicas') ?? 0,
    hash: object.metadata.labels?.[POD_HASH_LABEL] ?? '',
    release: textAt(object, 'spec', 'template', 'metadata', 'labels', RELEASE_LABEL) ?? '',
    ...(scale_down_at ? { scale_down_at } : {}),
  };
}

/**
 * The weight that the steps ask for: that of the last weight step up to the current one, and all of it after the
 * last.
 */
function desiredWeight(object: KubeObject): number {
  const steps = listAt(object, 'spec', 'strategy', 'canary', 'steps');
  const index = numberAt(object, 'status', 'currentStepIndex');
  const settled =
    textAt(object, 'status', 'stableRS') === textAt(object, 'status', 'currentPodHash') ||
    at(object, 'status', 'abort') === true;
  if (index === undefined || settled) return 0;
  if (steps.length === 0 || index >= steps.length) return 100;
  const weights = steps.slice(0, index + 1).map((step) => numberAt(step, 'setWeight'));
  return weights.findLast((weight) => weight !== undefined) ?? 0;
}

/** Annotations by which an AnalysisRun of a scenario's own says what it is for. */
export const DECLARED = {
  /** Id of the contract. */
  contract: 'mettle.dev/contract',
  /** Phase that it must end in. */
  expects: 'mettle.dev/expects',
  /** What its metric `value` must have received for that to prove anything. */
  receives: 'mettle.dev/receives',
} as const;

function declaredOf({ metadata }: KubeObject): Fields {
  const fields: Fields = {};
  for (const [field, annotation] of Object.entries(DECLARED)) {
    const value = metadata.annotations?.[annotation];
    if (value !== undefined) fields[field] = value;
  }
  return fields;
}

/**
 * An AnalysisRun: of which sort, how it stands, and for each of its metrics how often it was measured with which
 * result, the last value as the provider gave it (for Prometheus a list, empty without data) and the query that was
 * asked, or the Job that was the measurement. Source: pkg/apis/rollouts/v1alpha1/analysis_types.go of Argo Rollouts 1.10.
 */
export function analysisRunFields(object: KubeObject): Fields {
  const fields: Fields = {
    phase: textAt(object, 'status', 'phase') ?? '',
    message: textAt(object, 'status', 'message') ?? '',
    type: object.metadata.labels?.['rollout-type'] ?? '',
    canary: object.metadata.labels?.[POD_HASH_LABEL] ?? '',
    ...declaredOf(object),
  };
  const step = object.metadata.labels?.['step-index'];
  if (step !== undefined) fields['step'] = Number(step);
  if (at(object, 'spec', 'terminate') === true) fields['terminated'] = true;
  for (const metric of listAt(object, 'status', 'metricResults')) {
    const name = textAt(metric, 'name') ?? '';
    const last = listAt(metric, 'measurements').at(-1);
    const put = (field: string, value: string | number | undefined): void => {
      if (value !== undefined) fields[`${name}.${field}`] = value;
    };
    put('phase', textAt(metric, 'phase'));
    for (const field of ['count', 'successful', 'failed', 'inconclusive', 'error']) {
      put(field, numberAt(metric, field) ?? 0);
    }
    put('last_phase', textAt(last, 'phase'));
    put('last_value', textAt(last, 'value'));
    put('last_message', textAt(last, 'message'));
    // metricproviders/job/job.go: where the measurement is a Job, its name.
    put('job', textAt(last, 'metadata', 'job-name'));
    if (at(metric, 'dryRun') === true) fields[`${name}.dry_run`] = true;
    put('query', textAt(metric, 'metadata', 'ResolvedPrometheusQuery'));
  }
  return fields;
}
