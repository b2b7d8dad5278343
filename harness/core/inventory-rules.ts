/**
 * What a rebuild legitimately changes, as a table with a reason for each line. Everything that is not in it must be the
 * same afterwards.
 */
import { at, type KubeObject, textAt } from './kubernetes.ts';

/** A kind of which no object is compared. */
export interface KindLeftOut {
  readonly kind: string;
  readonly why: string;
}

/** Kinds whose objects are named by chance, by the clock or by what is compared anyway. */
export const KINDS_LEFT_OUT: readonly KindLeftOut[] = [
  { kind: 'Pod', why: 'named by hash; made from the templates of workloads, which are compared' },
  { kind: 'ReplicaSet', why: 'a history of templates, of which the newest is compared in its Deployment' },
  { kind: 'ControllerRevision', why: 'a history of templates, of which the newest is compared in its owner' },
  { kind: 'PodTemplate', why: 'written by controllers from what is compared' },
  { kind: 'EndpointSlice', why: 'named by hash; addresses of pods' },
  { kind: 'Endpoints', why: 'addresses of pods' },
  { kind: 'Event', why: 'what happened, not what is' },
  { kind: 'Lease', why: 'who leads just now' },
  { kind: 'LeaseCandidate', why: 'who may lead just now' },
  { kind: 'PersistentVolume', why: 'named by the UID of its claim, which is compared' },
  { kind: 'VolumeAttachment', why: 'named by hash; where pods are just now' },
  { kind: 'CSIStorageCapacity', why: 'named by chance; a measurement' },
  { kind: 'ResourceSlice', why: 'named by chance; written by drivers from what the node has' },
  { kind: 'IPAddress', why: 'addresses that were given out by chance' },
  { kind: 'CertificateSigningRequest', why: 'named by chance; gone after an hour' },
  { kind: 'ComponentStatus', why: 'a probe, not an object' },
  { kind: 'NodeMetrics', why: 'a measurement' },
  { kind: 'PodMetrics', why: 'a measurement' },
  { kind: 'StorageVersion', why: 'written by API servers for themselves' },
  { kind: 'AnalysisRun', why: 'named by chance; what was measured during a rollout' },
  { kind: 'Experiment', why: 'named by chance; a part of a rollout' },
];

/** Objects that are left out although others of their kind are compared. */
export const OBJECTS_LEFT_OUT: readonly {
  readonly what: string;
  readonly why: string;
  readonly is: (object: KubeObject) => boolean;
}[] = [
  {
    what: 'Jobs of CronJobs',
    why: 'named by the time of their start; made from the CronJob, which is compared',
    is: ({ kind, metadata }) =>
      kind === 'Job' &&
      [at(metadata, 'ownerReferences', 0)].some((owner) => textAt(owner, 'kind') === 'CronJob'),
  },
  {
    what: 'Secrets of bootstrap tokens',
    why: 'made by kubeadm by chance for the nodes that join',
    is: (object) => object.kind === 'Secret' && textAt(object, 'type') === 'bootstrap.kubernetes.io/token',
  },
];

/** A field that a rebuild may change. */
export interface FieldRule {
  /** Kinds that it is about; all when absent. */
  readonly kind?: string;
  /** Objects that it is about, as `namespace/name` or `name`; all when absent. */
  readonly object?: RegExp;
  /** Type of a Secret; all when absent. */
  readonly type?: string;
  /**
   * Path of the field as `flattened` writes it; `[]` stands for any item of a list, and all that lies below belongs to it.
   */
  readonly field: string;
  /** Keeps something of the value; it is left out when absent. */
  readonly keep?: (value: string) => string;
  readonly why: string;
}

/** An address is given out by chance, but whether there is one is the maker's choice. */
const headless = (value: string): string => (value === 'None' ? 'None' : 'given out');

/** Fields of all objects, and of some. */
export const FIELD_RULES: readonly FieldRule[] = [
  { field: 'metadata.uid', why: 'given by the API server to each object that is made' },
  { field: 'metadata.resourceVersion', why: "the store's own counter" },
  { field: 'metadata.generation', why: 'counts the changes since the object was made' },
  { field: 'metadata.creationTimestamp', why: 'the time at which it was made' },
  { field: 'metadata.managedFields', why: 'who wrote which field, and when' },
  { field: 'metadata.selfLink', why: 'follows from kind and name' },
  {
    field: 'metadata.ownerReferences[].uid',
    why: 'the UID of another object; its kind and name are compared',
  },
  {
    field: 'status',
    why: 'written by controllers from what is compared; readiness is judged by the steady state',
  },
  {
    field: 'metadata.annotations["deployment.kubernetes.io/revision"]',
    why: 'counts the releases since the object was made',
  },
  {
    field: 'metadata.annotations["rollout.argoproj.io/revision"]',
    why: 'counts the releases since the object was made',
  },
  {
    field: 'metadata.annotations["deprecated.daemonset.template.generation"]',
    why: 'counts the changes since the object was made',
  },
  {
    field: 'metadata.annotations["reconcile.fluxcd.io/requestedAt"]',
    why: 'the time at which somebody asked Flux to look at once',
  },
  {
    field: 'metadata.annotations["volume.kubernetes.io/selected-node"]',
    why: 'the node that the scheduler chose',
  },
  {
    field: 'spec.template.metadata.annotations.flagger-id',
    why: 'drawn by Flagger at each promotion, so that the pods of the primary are made anew',
  },
  { kind: 'Service', field: 'spec.clusterIP', keep: headless, why: 'given out by chance' },
  { kind: 'Service', field: 'spec.clusterIPs[]', keep: headless, why: 'given out by chance' },
  { kind: 'Service', field: 'spec.healthCheckNodePort', why: 'given out by chance' },
  {
    kind: 'PersistentVolumeClaim',
    field: 'spec.volumeName',
    why: 'names the volume by the UID of the claim',
  },
  {
    kind: 'Node',
    field: 'metadata.annotations',
    why: 'written by the kubelet and by controllers of the node',
  },
  { kind: 'Node', field: 'spec.podCIDR', why: 'given out in the order in which nodes joined' },
  { kind: 'Node', field: 'spec.podCIDRs', why: 'given out in the order in which nodes joined' },
  { kind: 'Node', field: 'spec.providerID', why: 'names the machine' },
  {
    kind: 'Job',
    field: 'spec.selector.matchLabels["batch.kubernetes.io/controller-uid"]',
    why: 'the UID of the Job',
  },
  {
    kind: 'Job',
    field: 'spec.template.metadata.labels["batch.kubernetes.io/controller-uid"]',
    why: 'the UID of the Job',
  },
  { kind: 'Job', field: 'spec.template.metadata.labels.controller-uid', why: 'the UID of the Job' },
  { kind: 'Job', field: 'metadata.labels["batch.kubernetes.io/controller-uid"]', why: 'the UID of the Job' },
  { kind: 'Job', field: 'metadata.labels.controller-uid', why: 'the UID of the Job' },
  {
    kind: 'MutatingWebhookConfiguration',
    field: 'webhooks[].clientConfig.caBundle',
    why: 'the certificate of an authority that the webhook or its injector makes for itself',
  },
  {
    kind: 'ValidatingWebhookConfiguration',
    field: 'webhooks[].clientConfig.caBundle',
    why: 'the certificate of an authority that the webhook or its injector makes for itself',
  },
  {
    kind: 'CustomResourceDefinition',
    field: 'spec.conversion.webhook.clientConfig.caBundle',
    why: 'the certificate of an authority that the webhook or its injector makes for itself',
  },
  { kind: 'APIService', field: 'spec.caBundle', why: 'the certificate of an authority made at the start' },
  {
    kind: 'ConfigMap',
    object: /\/kube-root-ca\.crt$/,
    field: 'data',
    why: "the cluster's own authority, which is made with it",
  },
  {
    kind: 'ConfigMap',
    object: /^kube-public\/cluster-info$/,
    field: 'data',
    why: "the cluster's own authority, signed with tokens made by chance",
  },
  {
    kind: 'ConfigMap',
    object: /^kube-system\/extension-apiserver-authentication$/,
    field: 'data',
    why: "the cluster's own authorities, which are made with it",
  },
  {
    kind: 'ConfigMap',
    object: /^kube-system\/kube-apiserver-legacy-service-account-token-tracking$/,
    field: 'data.since',
    why: 'the day on which the API server began to look',
  },
  {
    kind: 'ConfigMap',
    object: /^mettle-system\/mettle-marker$/,
    field: 'data.id',
    why: "Mettle's mark is drawn anew for each cluster that it makes",
  },
  {
    kind: 'ConfigMap',
    object: /^mettle-system\/mettle-marker$/,
    field: 'data.cluster_uid',
    why: 'the UID of the cluster that the mark stands in',
  },
  {
    kind: 'Secret',
    type: 'kubernetes.io/service-account-token',
    field: 'data',
    why: "signed by the cluster's own key",
  },
  {
    kind: 'Secret',
    type: 'kubernetes.io/service-account-token',
    field: 'metadata.annotations["kubernetes.io/service-account.uid"]',
    why: 'the UID of another object',
  },
  {
    kind: 'Secret',
    type: 'helm.sh/release.v1',
    field: 'data',
    why: 'a history with times; the objects of the release are compared',
  },
  { kind: 'Secret', type: 'helm.sh/release.v1', field: 'metadata.labels.modifiedAt', why: 'a time' },
];
