import type { EpochMs } from '#harness/core/timeline.ts';
import { rolloutSubject } from '../../endings.ts';
import type { Facts } from '../../facts.ts';

/** How long pods may be too few for a share, in seconds: the records of weights and of pods come by watches of their own. */
export const SETTLE_S = 2;

/** The longest time for which one side had fewer pods than its share of the traffic asks for. */
export interface Shortage {
  readonly side: 'canary' | 'stable';
  readonly lasted_s: number;
  readonly weight_pct: number;
  readonly available: number;
  readonly needed: number;
  readonly seq: number;
}

export interface CapacityOptions {
  readonly sides: readonly Shortage['side'][];
  /** Pods that the whole load is sized for; those that the Rollout asks for at the moment when absent. */
  readonly replicas?: number;
  readonly from?: EpochMs;
  readonly until?: EpochMs;
}

/** Pods that a share needs, rounded up as Argo Rollouts does (utils/replicaset/canary.go, trafficWeightToReplicas). */
const podsFor = (share_pct: number, replicas: number): number => Math.ceil((share_pct * replicas) / 100);

/**
 * Follows the declared weight, the Rollout and its ReplicaSets through the run, and keeps the longest time for which the
 * pods of a side were too few for its share; undefined when they never were.
 */
export function shortageOf(facts: Facts, options: CapacityOptions): Shortage | undefined {
  const { namespace } = facts.argo;
  const { from = 0, until = facts.load_end } = options;
  const rollout = rolloutSubject(facts.argo);
  const available = new Map<string, number>();
  const open = new Map<Shortage['side'], Omit<Shortage, 'lasted_s'> & { readonly since: EpochMs }>();
  let weight_pct = 0;
  let fields: Readonly<Record<string, unknown>> = {};
  let longest: Shortage | undefined;

  const close = (side: Shortage['side'], at: EpochMs): void => {
    const begun = open.get(side);
    open.delete(side);
    if (!begun) return;
    const { since, ...rest } = begun;
    const lasted_s = (at - since) / 1000;
    if (lasted_s > (longest?.lasted_s ?? 0)) longest = { ...rest, lasted_s };
  };
  const look = (at: EpochMs, seq: number): void => {
    const both = fields['canary'] !== fields['stable'] && weight_pct > 0;
    for (const side of options.sides) {
      const share_pct = side === 'canary' ? weight_pct : 100 - weight_pct;
      const needed = podsFor(share_pct, options.replicas ?? Number(fields['replicas'] ?? 0));
      const has = available.get(String(fields[side])) ?? 0;
      if (!both || has >= needed) close(side, at);
      else if (!open.has(side)) open.set(side, { side, weight_pct, available: has, needed, seq, since: at });
    }
  };
  for (const record of facts.timeline.records) {
    if (record.at > until) break;
    if (record.source === 'gateway' && record.kind === 'weight' && record.data.read_from !== 'live') {
      weight_pct = record.data.canary_pct;
    } else if (record.source === 'kubernetes' && record.kind === 'object') {
      const set = record.subject.startsWith(`ReplicaSet/${namespace}/`);
      if (set) available.set(String(record.data.fields['hash']), Number(record.data.fields['available']));
      else if (record.subject === rollout) fields = record.data.fields;
      else continue;
    } else continue;
    if (record.at >= from) look(record.at, record.seq);
  }
  for (const side of options.sides) close(side, until);
  return longest;
}

/** What a shortage means, in words. */
export function describeShortage({ side, lasted_s, weight_pct, available, needed }: Shortage): string {
  return `for ${lasted_s.toFixed(1)} s the ${side} had ${available} of the ${needed} pods that it needs at weight ${weight_pct} %`;
}
