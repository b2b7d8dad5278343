import { at, type KubeObject, listAt, numberAt, textAt } from './kubernetes.ts';

/**
 * Where an object stands between what was asked and what is.
 * Source: kstatus (sigs.k8s.io/cli-utils/pkg/kstatus), which Flux uses; Canary phases from Flagger's
 * pkg/apis/flagger/v1beta1/status.go.
 */
export type Standing = 'Current' | 'InProgress' | 'Failed' | 'Terminating' | 'NotFound';

export interface ObjectStatus {
  readonly standing: Standing;
  /** The fact that decided, as a reader should see it. */
  readonly message: string;
}

const status = (standing: Standing, message: string): ObjectStatus => ({ standing, message });

interface Condition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** The condition of the given type, or undefined. */
export function conditionOf(object: KubeObject, type: string): Condition | undefined {
  const found = listAt(object, 'status', 'conditions').find((one) => at(one, 'type') === type);
  if (found === undefined) return undefined;
  return {
    status: textAt(found, 'status') ?? 'Unknown',
    reason: textAt(found, 'reason') ?? '',
    message: textAt(found, 'message') ?? '',
  };
}

function deploymentStatus(object: KubeObject): ObjectStatus {
  if (numberAt(object, 'status', 'observedGeneration') === undefined) {
    return status('InProgress', 'not seen by the controller yet');
  }
  const progressing = conditionOf(object, 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') return status('Failed', progressing.message);
  const count = (field: string): number => numberAt(object, 'status', field) ?? 0;
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const total = count('replicas');
  const updated = count('updatedReplicas');
  const available = count('availableReplicas');
  const ready = count('readyReplicas');
  if (updated < wanted) return status('InProgress', `${updated} of ${wanted} replicas updated`);
  if (total > wanted && wanted === 0) return status('InProgress', `${total} replicas still terminating`);
  if (total > updated) return status('InProgress', `${total - updated} old replicas still terminating`);
  if (available < updated) return status('InProgress', `${available} of ${updated} replicas available`);
  if (ready < wanted) return status('InProgress', `${ready} of ${wanted} replicas ready`);
  return status('Current', `${ready} of ${wanted} replicas ready`);
}

function statefulSetStatus(object: KubeObject): ObjectStatus {
  const count = (field: string): number => numberAt(object, 'status', field) ?? 0;
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  if (numberAt(object, 'status', 'observedGeneration') === undefined) {
    return status('InProgress', 'not seen by the controller yet');
  }
  if (count('updatedReplicas') < wanted) {
    return status('InProgress', `${count('updatedReplicas')} of ${wanted} replicas updated`);
  }
  const told = `${count('readyReplicas')} of ${wanted} replicas ready`;
  return status(count('readyReplicas') < wanted ? 'InProgress' : 'Current', told);
}

function daemonSetStatus(object: KubeObject): ObjectStatus {
  const count = (field: string): number => numberAt(object, 'status', field) ?? 0;
  if (numberAt(object, 'status', 'observedGeneration') === undefined) {
    return status('InProgress', 'not seen by the controller yet');
  }
  const wanted = count('desiredNumberScheduled');
  if (count('updatedNumberScheduled') < wanted) {
    return status('InProgress', `${count('updatedNumberScheduled')} of ${wanted} pods updated`);
  }
  const told = `${count('numberAvailable')} of ${wanted} pods available`;
  return status(count('numberAvailable') < wanted ? 'InProgress' : 'Current', told);
}

function podStatus(object: KubeObject): ObjectStatus {
  const phase = textAt(object, 'status', 'phase') ?? 'Pending';
  if (phase === 'Succeeded') return status('Current', phase);
  if (phase === 'Failed') return status('Failed', textAt(object, 'status', 'message') ?? phase);
  if (phase === 'Running' && conditionOf(object, 'Ready')?.status === 'True') {
    return status('Current', 'ready');
  }
  const containers = [
    ...listAt(object, 'status', 'initContainerStatuses'),
    ...listAt(object, 'status', 'containerStatuses'),
  ];
  for (const container of containers) {
    const reason = textAt(container, 'state', 'waiting', 'reason');
    const told = `${textAt(container, 'name') ?? 'container'}: ${reason}`;
    if (reason === 'CrashLoopBackOff') return status('Failed', told);
    if (reason !== undefined && reason !== 'ContainerCreating' && reason !== 'PodInitializing') {
      return status('InProgress', told);
    }
  }
  return status('InProgress', phase === 'Running' ? 'running, not ready' : phase);
}

function definitionStatus(object: KubeObject): ObjectStatus {
  const names = conditionOf(object, 'NamesAccepted');
  if (names?.status === 'False') return status('Failed', names.message);
  return conditionOf(object, 'Established')?.status === 'True'
    ? status('Current', 'established')
    : status('InProgress', 'not established');
}

function canaryStatus(object: KubeObject): ObjectStatus {
  const phase = textAt(object, 'status', 'phase') ?? '';
  if (phase === 'Initialized' || phase === 'Succeeded') return status('Current', phase);
  if (phase === 'Failed') return status('Failed', phase);
  if (phase === 'Terminating' || phase === 'Terminated') return status('Terminating', phase);
  const weight = numberAt(object, 'status', 'canaryWeight') ?? 0;
  const failed = numberAt(object, 'status', 'failedChecks') ?? 0;
  return status('InProgress', phase ? `${phase}, weight ${weight}, failed checks ${failed}` : 'no phase yet');
}

/**
 * Annotation with the generation of the workload that a Rollout refers to. Source: utils/annotations of Argo Rollouts
 * 1.10.
 */
const WORKLOAD_GENERATION = 'rollout.argoproj.io/workload-generation';

/** A Rollout gives its observed generations as text. Source: pkg/apis/rollouts/v1alpha1/types.go, utils/rollout. */
function rolloutStatus(object: KubeObject): ObjectStatus {
  const observed = textAt(object, 'status', 'observedGeneration');
  const { generation, annotations = {} } = object.metadata;
  if (observed === undefined) return status('InProgress', 'not seen by the controller yet');
  if (generation !== undefined && Number(observed) < generation) {
    return status('InProgress', `generation ${generation} not seen yet, observed ${observed}`);
  }
  const workload = annotations[WORKLOAD_GENERATION];
  if (
    workload !== undefined &&
    at(object, 'spec', 'workloadRef') !== undefined &&
    textAt(object, 'status', 'workloadObservedGeneration') !== workload
  ) {
    return status('InProgress', `generation ${workload} of its workload not seen yet`);
  }
  const phase = textAt(object, 'status', 'phase') ?? '';
  const message = textAt(object, 'status', 'message') ?? '';
  const told = message ? `${phase}: ${message}` : phase || 'no phase yet';
  if (phase === 'Healthy') return status('Current', told);
  if (phase === 'Degraded') return status('Failed', told);
  return status('InProgress', told);
}

/** Source: pkg/apis/rollouts/v1alpha1/analysis_types.go of Argo Rollouts 1.10. */
function analysisRunStatus(object: KubeObject): ObjectStatus {
  const phase = textAt(object, 'status', 'phase') ?? '';
  const told = textAt(object, 'status', 'message') || phase || 'no phase yet';
  if (phase === 'Successful') return status('Current', told);
  if (phase === 'Failed' || phase === 'Error' || phase === 'Inconclusive') return status('Failed', told);
  return status('InProgress', told);
}

function genericStatus(object: KubeObject): ObjectStatus {
  const ready = conditionOf(object, 'Ready');
  if (ready === undefined) return status('Current', 'exists');
  const told = ready.message || ready.reason;
  return ready.status === 'True'
    ? status('Current', told || 'ready')
    : status('InProgress', told || 'not ready');
}

const BY_KIND: Readonly<Record<string, (object: KubeObject) => ObjectStatus>> = {
  Deployment: deploymentStatus,
  StatefulSet: statefulSetStatus,
  DaemonSet: daemonSetStatus,
  Pod: podStatus,
  CustomResourceDefinition: definitionStatus,
  Canary: canaryStatus,
  Rollout: rolloutStatus,
  AnalysisRun: analysisRunStatus,
};

/** Where an object stands; an absent object is `NotFound`. */
export function statusOf(object: KubeObject | undefined): ObjectStatus {
  if (object === undefined) return status('NotFound', 'not found');
  if (object.metadata.deletionTimestamp !== undefined) {
    return status('Terminating', `deletion asked at ${object.metadata.deletionTimestamp}`);
  }
  const observed = numberAt(object, 'status', 'observedGeneration');
  const generation = object.metadata.generation;
  if (observed !== undefined && generation !== undefined && observed < generation) {
    return status('InProgress', `generation ${generation} not seen yet, observed ${observed}`);
  }
  const stalled = conditionOf(object, 'Stalled');
  if (stalled?.status === 'True') return status('Failed', stalled.message || stalled.reason);
  const reconciling = conditionOf(object, 'Reconciling');
  if (reconciling?.status === 'True') {
    return status('InProgress', reconciling.message || reconciling.reason);
  }
  return (BY_KIND[object.kind] ?? genericStatus)(object);
}
