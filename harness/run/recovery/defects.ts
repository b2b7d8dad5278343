/** Seeded defects of a rebuild: ways in which it is not the same, each of which its own rule must notice. */
import { identifier } from '#harness/database/ask.ts';
import { shopSchema } from '#harness/stack/postgres.ts';
import { asked } from './database.ts';
import type { Reached } from './ground.ts';

/** Something that is broken behind the rebuild's back, once the service is steady again and the load has ended. */
export type Spoil = (after: Reached, namespace: string) => Promise<void>;

const REMOVED = { api_version: 'v1', kind: 'ConfigMap', namespace: 'postgres', name: 'postgres' } as const;
const REMOVED_S = 20;

/** An object that came from Git is removed. */
const objectRemoved: Spoil = async ({ kube }) => {
  await kube.remove(REMOVED, { deadline_s: REMOVED_S });
};

function statement(text: (table: string) => string): Spoil {
  return async (after, namespace) => {
    const table = `${identifier(shopSchema(namespace))}.orders`;
    await asked(after, (ask) => ask(text(table)));
  };
}

/** The oldest order goes, which every backup held. */
const rowLost = statement(
  (table) => `DELETE FROM ${table} WHERE position = (SELECT min(position) FROM ${table})`,
);

/** One order costs a cent more than its customer was told. */
const rowChanged = statement(
  (table) =>
    `UPDATE ${table} SET total_cents = total_cents + 1 WHERE position = (SELECT min(position) FROM ${table})`,
);

/** Ids of orders may come twice from now on. */
const constraintDropped = statement((table) => `ALTER TABLE ${table} DROP CONSTRAINT orders_id_key`);

/** What is broken, and how the rule that is meant for it says so. One rebuild has them all. */
export const RECOVERY_DEFECTS: readonly {
  readonly title: string;
  readonly spoil: Spoil;
  readonly rule: string;
  readonly says: RegExp;
}[] = [
  {
    title: 'an object is missing',
    spoil: objectRemoved,
    rule: 'objects-same',
    says: /ConfigMap\/postgres\/postgres/,
  },
  {
    title: 'a row is lost',
    spoil: rowLost,
    rule: 'recovery-point',
    says: /1 accepted orders? (?:is|are) lost/,
  },
  { title: 'a row is changed', spoil: rowChanged, rule: 'orders-true', says: /its customer was told/ },
  {
    title: 'a constraint and its index are dropped',
    spoil: constraintDropped,
    rule: 'database-same',
    says: /orders_id_key is missing/,
  },
];

/** All of them at once. */
export const spoilAll: Spoil = async (after, namespace) => {
  for (const { spoil } of RECOVERY_DEFECTS) await spoil(after, namespace);
};
