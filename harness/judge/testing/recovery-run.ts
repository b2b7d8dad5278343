import type { DatabaseContentData, InventoryData } from '#harness/core/recovery.ts';
import { type Alteration, altered } from '#harness/core/testing/altered.ts';
import {
  syntheticRecovery,
  type SyntheticRecoveryOptions,
} from '#harness/core/testing/synthetic-recovery.ts';
import { Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import type { RuleVerdict } from '#harness/core/verdict.ts';
import { judgeRun } from '../judge-run.ts';
import { complaintsOf } from './complaints.ts';

/** The verdicts of a synthetic rebuild, altered. */
export function rulesOf(
  options: SyntheticRecoveryOptions,
  ...changes: readonly Alteration[]
): readonly RuleVerdict[] {
  return judgeRun(new Timeline(altered(syntheticRecovery(options), ...changes))).rules;
}

/** Rules that did not pass, with their outcome. */
export function complaints(options: SyntheticRecoveryOptions, ...changes: readonly Alteration[]): string[] {
  return complaintsOf({ rules: rulesOf(options, ...changes) });
}

/** One of its verdicts. */
export function ruleOf(
  id: string,
  options: SyntheticRecoveryOptions,
  ...changes: readonly Alteration[]
): RuleVerdict {
  const found = rulesOf(options, ...changes).find(({ rule }) => rule === id);
  if (!found) throw new Error(`no rule ${id}`);
  return found;
}

/** Changes what was recorded after the loss only. */
const after =
  <Data extends { readonly moment: 'before' | 'after' }>(change: (data: Data) => Data) =>
  (data: Data): Data =>
    data.moment === 'after' ? change(data) : data;

/** Changes the objects of the inventory that is taken afterwards. */
export const objects = (change: (all: InventoryData['objects']) => InventoryData['objects']) =>
  after<InventoryData>((data) => ({ ...data, objects: change(data.objects) }));

/** Changes what is read of the database afterwards. */
export const content = (change: Partial<DatabaseContentData>) =>
  after<DatabaseContentData>((data) => ({ ...data, ...change }));

/** Changes one field of one object afterwards. */
export const replicas = (value: number) =>
  objects((all) =>
    all.map((one) =>
      one.subject === 'Deployment/shop-demo/shop'
        ? { ...one, fields: { ...one.fields, 'spec.replicas': value } }
        : one,
    ),
  );

/** Takes records away. */
export const removed =
  (change: (record: TimelineRecord) => boolean): Alteration =>
  (records) =>
    records.filter((record) => !change(record));
