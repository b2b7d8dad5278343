import { allow, driftOf, driftText } from '#harness/core/drift.ts';
import type { InventoryData, RecoveryExpectation } from '#harness/core/recovery.ts';
import type { RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { recoveryFacts, someOf, WHOLE_CLUSTER } from '../recovery-facts.ts';
import { rule } from '../rule.ts';

/** Kinds of which every cluster with a stack has objects: an inventory without them saw nothing. */
const SURELY_THERE = ['Namespace', 'Deployment', 'Service', 'CustomResourceDefinition'];

const WORKLOADS = ['Deployment', 'Rollout', 'StatefulSet'];

type Inventory = RecordOf<'recovery', 'inventory'>;

function requireSight({ data }: Inventory, of: string): void {
  const { objects } = data;
  if (objects.length === 0) throw new MissingEvidence(`the inventory of ${of} is empty`);
  const kinds = new Set(objects.map(({ subject }) => subject.slice(0, subject.search(/[/.]/))));
  const missing = SURELY_THERE.filter((kind) => !kinds.has(kind));
  if (missing.length > 0) {
    throw new MissingEvidence(
      `the inventory of ${of} has no ${missing.join(', no ')}, which every cluster has`,
    );
  }
  if (objects.every(({ fields }) => Object.keys(fields).length === 0)) {
    throw new MissingEvidence(`the inventory of ${of} has no field of any object`);
  }
}

function requireWorkload({ data }: Inventory, { namespace, app }: RecoveryExpectation): void {
  const wanted = new Set(WORKLOADS.map((kind) => `${kind}/${namespace}/${app}`));
  if (data.objects.some(({ subject }) => wanted.has(subject))) return;
  throw new MissingEvidence(
    `the inventory of before does not have the workload ${namespace}/${app} of this run`,
  );
}

/** The two inventories, if they can show a difference at all. @throws MissingEvidence when they cannot */
function inventories(facts: Facts): { before: Inventory; after: Inventory } {
  const { expectation, destroyed, steady } = recoveryFacts(facts);
  const taken = facts.timeline.of('recovery', 'inventory');
  const of = (moment: InventoryData['moment']): Inventory => {
    const found = taken.findLast(({ data }) => data.moment === moment);
    if (!found) throw new MissingEvidence(`no inventory was taken ${moment} the loss`);
    return found;
  };
  const before = of('before');
  const after = of('after');
  if (before.at > destroyed.at)
    throw new MissingEvidence('the inventory of before was taken after the destruction');
  if (after.at < (steady?.at ?? destroyed.at)) {
    throw new MissingEvidence('the inventory of after was taken before the service was steady again');
  }
  requireSight(before, 'before');
  requireSight(after, 'after');
  requireWorkload(before, expectation);
  const same_cluster = before.data.cluster_uid === after.data.cluster_uid;
  if (same_cluster && (expectation.loses === WHOLE_CLUSTER || before.data.revision === after.data.revision)) {
    throw new MissingEvidence(
      'both inventories are of one cluster at one state: there was nothing to compare',
    );
  }
  return { before, after };
}

/** Every object of the lost cluster is there again, with the same fields, and none more. */
export const objectsSame = rule(
  'objects-same',
  'the objects are the same as before, field by field',
  (facts) => {
    const { before, after } = inventories(facts);
    const { may_differ } = recoveryFacts(facts).expectation;
    const { drift, unused } = allow(driftOf(before.data, after.data), may_differ);
    const forbidden = drift.filter(({ why }) => why === undefined).map(driftText);
    const allowed = drift.filter(({ why }) => why !== undefined);
    const compared = after.data.objects.reduce((sum, { fields }) => sum + Object.keys(fields).length, 0);
    const useless = unused.map(({ subject, field }) => `${subject} ${field}`);
    const note = useless.length === 0 ? '' : `; declared as allowed but not different: ${useless.join(', ')}`;
    return {
      outcome: forbidden.length === 0 ? 'pass' : 'fail',
      reason:
        (forbidden.length === 0
          ? `${after.data.objects.length} objects with ${compared} fields are as before, ${allowed.length} differences are allowed`
          : `${forbidden.length} differences: ${someOf(forbidden)}`) + note,
      limit: '0 differences that were not declared',
      measured: `${forbidden.length} differences, ${allowed.length} allowed`,
      derivation: `compared are all kinds that the API server lists (${Object.keys(after.data.kinds).length}), without what a rebuild must change`,
      evidence: [before.seq, after.seq],
      items: [...forbidden, ...allowed.map((one) => `allowed, ${one.why ?? ''}: ${driftText(one)}`)],
    };
  },
);
