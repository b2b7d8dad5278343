import type { KubeObject } from '#harness/core/kubernetes.ts';
import type { GatewayAdapter, Split } from '#harness/gateway/adapter.ts';
import { ALL_PODS } from '#harness/stack/shop-pair.ts';

/** Routes that differ from what is declared, built into the real gateway, and the rule that must notice. */
export interface SplitDefect {
  readonly name: string;
  readonly breaks: string;
  readonly noticed_by: string;
  /** Every object that is applied instead of the gateway's own for this split. */
  readonly objects: (adapter: GatewayAdapter, split: Split, canary_pct: number) => readonly KubeObject[];
}

/** Declares the split under a host that nobody asks for, so that another object decides what users meet. */
function unserved(adapter: GatewayAdapter, split: Split, canary_pct: number): readonly KubeObject[] {
  return adapter.objects({ ...split, host: `unserved.${split.host}` }, canary_pct);
}

/** How far the skewed gateway is off, in percentage points. */
const SKEW_PP = 3;

/** Each must turn the verdict red: proof that the split is really measured. */
export const SPLIT_DEFECTS: readonly SplitDefect[] = [
  {
    name: 'weights-ignored',
    breaks: 'the gateway sends users to the pods of both releases alike',
    noticed_by: 'split',
    objects: (adapter, split, canary_pct) => [
      ...unserved(adapter, split, canary_pct),
      // At first nobody may meet the canary, or the service would never count as steady.
      ...adapter.objects(
        {
          ...split,
          name: 'shop-served',
          ...(canary_pct === 0 ? {} : { primary: ALL_PODS, canary: ALL_PODS }),
        },
        canary_pct,
      ),
    ],
  },
  {
    name: 'weight-off-by-three',
    breaks: `the gateway gives the canary ${SKEW_PP} points more than was declared`,
    noticed_by: 'split',
    objects: (adapter, split, canary_pct) => [
      ...unserved(adapter, split, canary_pct),
      ...adapter.objects({ ...split, name: 'shop-served' }, canary_pct === 0 ? 0 : canary_pct + SKEW_PP),
    ],
  },
];
