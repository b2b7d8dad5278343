/** Services that a cluster publishes on loopback, with the node port each has inside. */
export const NODE_PORTS = {
  gateway: 30080,
  contour: 30081,
  git: 30085,
  postgres: 30054,
  prometheus: 30090,
  alertmanager: 30093,
  chat: 30070,
} as const;

/** What keeps everything but the shop off the workers of a cluster with several nodes; see `kind-config.ts`. */
export const WORKER_TAINT = { key: 'mettle.dev/worker', effect: 'NoSchedule' } as const;

/** Most nodes of a cluster that is made here. */
export const NODES_MAX = 3;

/** A folder of this machine that every node of a cluster has: it outlives them. */
export interface NodeMount {
  /** An absolute path on the machine that Docker runs on. */
  readonly host_path: string;
  /** Where a node finds it. */
  readonly node_path: string;
}

export type PublishedService = keyof typeof NODE_PORTS;

/** A cluster that Mettle made or that a person adopted; nothing has been proven about its present state. */
export interface Cluster {
  /** Unique among runs, because client credentials are cached by the name of their user. */
  readonly name: string;
  /** UID of the namespace kube-system: the cluster's identity. */
  readonly uid: string;
  /** The API server's address, always loopback for clusters made here. */
  readonly api_server: string;
  /** Path of a kubeconfig of this cluster alone, copied when the cluster was made. */
  readonly kubeconfig: string;
  /** Ports on 127.0.0.1. */
  readonly ports: Readonly<Record<PublishedService, number>>;
}

/** A cluster whose marker was checked in this process: actions take this type only. */
export interface RunningCluster extends Cluster {
  /** The guard's proof; made by `harness/cluster/guard.ts` alone. */
  readonly guarded: true;
}
