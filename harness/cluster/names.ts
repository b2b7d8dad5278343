import { UsageError } from '#harness/core/errors.ts';

/** What every cluster of Mettle is called first, so that a person knows whose it is. */
export const PREFIX = 'mettle-';

/** Docker label that kind gives a node's container. Source: kind, pkg/cluster/internal/providers/docker/constants.go. */
export const KIND_LABEL = 'io.x-k8s.kind.cluster';
/** Docker label of the network that Mettle makes for a cluster. */
export const NETWORK_LABEL = 'mettle.dev/cluster';

/** A cluster's name is a container's, a network's and a file's, so it is plain and short. */
export function isClusterName(name: string): boolean {
  return /^mettle-[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name);
}

/**
 * The full name of a cluster from what a person typed, with or without the prefix.
 * @throws UsageError when it cannot be a name
 */
export function clusterName(text: string): string {
  const name = text.startsWith(PREFIX) ? text : `${PREFIX}${text}`;
  if (isClusterName(name)) return name;
  throw new UsageError(`${JSON.stringify(text)} cannot be the name of a cluster`, {
    next: 'Use up to 40 lower-case letters, digits and inner hyphens.',
  });
}
