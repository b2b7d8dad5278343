import type { PublishedService } from '#harness/cluster/types.ts';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import type { KubeClient } from '#harness/kube/client.ts';

/** Gateways that Mettle knows, by the name of their component. */
export type GatewayName = 'traefik' | 'contour' | 'istio';

/** A split of one host's traffic between two Services of one namespace. */
export interface Split {
  readonly namespace: string;
  /** Name of the object that declares the weights. */
  readonly name: string;
  /** Host name that the gateway routes by. */
  readonly host: string;
  /** Names of the two Services. */
  readonly primary: string;
  readonly canary: string;
}

/** Shares of traffic in percent; both 0 where nothing is routed to either Service. */
export interface Weights {
  readonly primary_pct: number;
  readonly canary_pct: number;
}

/** What one process of the data plane serves now. */
export interface LiveReading {
  /** The process, as `Pod/namespace/name`. */
  readonly subject: string;
  readonly weights: Weights;
}

/** Reads the live configuration of a data plane, each time afresh. */
export interface LiveReader {
  /** One reading for each pod of the data plane. Throws UnfitError when there is none, ApiError when one does not answer. */
  read(split: Split): Promise<readonly LiveReading[]>;
}

/**
 * A gateway behind one face: which objects declare a split, and what the data plane made of them. Rules compare the
 * two; nothing is assumed about who writes the objects.
 */
export interface GatewayAdapter {
  readonly name: GatewayName;
  /** Where a cluster publishes it. */
  readonly published: PublishedService;
  /** Kind of the object that declares a split's weights. */
  readonly declares: { readonly api_version: string; readonly kind: string };
  /** How soon the data plane must serve what was declared, in ms, and what that is made of. */
  readonly follows: { readonly within_ms: number; readonly derivation: string };
  /** All objects that route a host to two Services with these weights, for a split that no controller owns. */
  objects(split: Split, canary_pct: number): readonly KubeObject[];
  /** The split that an object declares; undefined when it declares none. */
  declared(split: Split, object: KubeObject): Weights | undefined;
  live(kube: KubeClient): LiveReader;
}

/**
 * Allowance for building and taking a configuration, in ms, beside what a gateway waits on purpose: usually a tenth of a
 * second, 1.6 s were seen on two cores with four times as much to do.
 */
export const PROCESSING_MS = 2_000;

/** Nothing is routed to either Service. */
export const NOTHING: Weights = { primary_pct: 0, canary_pct: 0 };

/** Shares of weights that count in relation to each other. Undefined when both are zero. */
export function shares(primary: number, canary: number): Weights | undefined {
  const sum = primary + canary;
  if (sum <= 0) return undefined;
  const canary_pct = (100 * canary) / sum;
  return { primary_pct: 100 - canary_pct, canary_pct };
}

/** Weights of destinations by the name of their Service, where each may be listed more than once. */
export function sharesOf(
  split: Pick<Split, 'primary' | 'canary'>,
  destinations: readonly { readonly service: string; readonly weight: number }[],
): Weights | undefined {
  const total = (service: string): number =>
    destinations.reduce((sum, one) => sum + (one.service === service ? one.weight : 0), 0);
  return shares(total(split.primary), total(split.canary));
}
