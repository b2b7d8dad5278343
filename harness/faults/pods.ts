import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import { POD } from '#harness/kube/recording.ts';
import type { FaultContext } from './fault.ts';

/** How the pods that a fault acts on are chosen. */
export const PodChoice = {
  labels: v.pipe(
    v.string(),
    v.minLength(1, 'must name labels'),
    v.description('label selector of the pods, for example app=shop'),
  ),
  count: v.optional(
    v.pipe(
      v.number('must be a number'),
      v.integer('must be a whole number'),
      v.minValue(1, 'must be 1 or more'),
      v.description('most pods; all that match when absent'),
    ),
  ),
  share_pct: v.optional(
    v.pipe(
      v.number('must be a number'),
      v.gtValue(0, 'must be above 0'),
      v.maxValue(100, 'must be 100 at most'),
      v.description('share of the pods that match, in percent, rounded up'),
    ),
  ),
} as const;

interface Choice {
  readonly labels: string;
  readonly count?: number | undefined;
  readonly share_pct?: number | undefined;
}

export interface ChosenPods {
  readonly chosen: readonly KubeObject[];
  /** All pods that the labels match and that are not on their way out. */
  readonly matching: number;
}

/**
 * The pods that a choice means, in the order of their names, so that a plan and the fault mean the same ones.
 * @throws UsageError when both a number and a share are given
 */
export async function choosePods(
  { kube }: FaultContext,
  { labels, count, share_pct }: Choice,
  namespace: string,
): Promise<ChosenPods> {
  if (count !== undefined && share_pct !== undefined) {
    throw new UsageError('count and share_pct are both given', { next: 'Give one of them.' });
  }
  const found = (await kube.list({ ...POD, namespace, labels }))
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .toSorted((left, right) => left.metadata.name.localeCompare(right.metadata.name));
  const most = share_pct === undefined ? count : Math.ceil((found.length * share_pct) / 100);
  return { chosen: found.slice(0, most ?? found.length), matching: found.length };
}
