/** A column gets another name in three releases, each of which works with the one before and the one after. */
import type { Verdict } from '#harness/core/verdict.ts';
import { identifier } from '#harness/database/ask.ts';
import { shopSchema } from '#harness/stack/postgres.ts';
import { STABLE } from '../rollout-run.ts';
import type { ScenarioRun } from '../scenario-run.ts';
import { applyMigration, noPodOf } from './apply.ts';
import { migrateUnderLoad } from './frame.ts';
import { movedColumns } from './moved-columns.ts';

const BOTH = 'v2';
const NEW_ALONE = 'v3';

/** The statements of one way from the old column to the new one, by the table that has both. */
interface Steps {
  readonly expand: (table: string) => string;
  readonly migrate: (table: string) => string;
  readonly contract: (table: string) => string;
}

const RIGHT: Steps = {
  expand: (table) => `SET lock_timeout = '1s';
ALTER TABLE ${table} ADD COLUMN digest text;
ALTER TABLE ${table} ALTER COLUMN content_hash DROP NOT NULL;
`,
  migrate: (table) => `UPDATE ${table} SET digest = content_hash WHERE digest IS NULL;
`,
  contract: (table) => `SET lock_timeout = '1s';
ALTER TABLE ${table} ALTER COLUMN digest SET NOT NULL;
ALTER TABLE ${table} DROP COLUMN content_hash;
`,
};

/** What is broken on purpose, and what must notice. */
export interface ExpandContractDefect {
  readonly name: string;
  readonly breaks: string;
  readonly noticed_by: string;
  /** What the reason of that rule must say. */
  readonly says: RegExp;
  readonly steps?: Partial<Steps>;
  /** Nobody asks whether a pod of an old release lives. */
  readonly ungated?: true;
}

/** Each must turn the verdict. */
export const EXPAND_CONTRACT_DEFECTS: readonly ExpandContractDefect[] = [
  {
    name: 'contract-too-early',
    breaks: 'the old column is dropped while pods live that write it',
    noticed_by: 'migration-compatible',
    says: /v2 with status 503 failed.*42703 \(column "content_hash"/,
    ungated: true,
  },
  {
    name: 'one-value-changed',
    breaks: 'one value among thousands is copied wrong',
    noticed_by: 'rows-kept',
    says: /orders\.digest holds other values/,
    steps: {
      migrate: (table) => `${RIGHT.migrate(table)}
UPDATE ${table} SET digest = '00000000' WHERE position = (SELECT min(position) + 1000 FROM ${table});
`,
    },
  },
  {
    name: 'lock-held',
    breaks: 'the column is added by a transaction that keeps its lock for 5 s',
    noticed_by: 'migration-compatible',
    says: /v1 with status 503 failed/,
    steps: { expand: (table) => `${RIGHT.expand(table)}SELECT pg_sleep(5);\n` },
  },
];

/** Expands, migrates and contracts under load, and judges whether anyone noticed. */
export async function expandMigrateContract(
  run: ScenarioRun,
  defect?: ExpandContractDefect,
): Promise<Verdict> {
  const schema = shopSchema(run.run_id);
  const table = `${identifier(schema)}.orders`;
  const steps = { ...RIGHT, ...defect?.steps };
  const old = [STABLE, BOTH];
  return await migrateUnderLoad(run, {
    expectation: {
      migrations: [
        { name: 'expand', expected: 'applied', adds: ['orders.digest'] },
        { name: 'migrate', expected: 'applied', retires: [STABLE] },
        { name: 'contract-early', expected: 'refused', retires: old },
        { name: 'contract', expected: 'applied', retires: old, drops: ['orders.content_hash'] },
      ],
      moved: movedColumns(schema, { content_hash: 'digest' }),
    },
    act: async (acting) => {
      const { once, ship } = acting;
      await once('expand', 'adding the new column', () =>
        applyMigration(acting, { name: 'expand', sql: steps.expand(table) }),
      );
      await ship(BOTH, 'expanded');
      await once('migrate', 'copying what the old column holds', () =>
        applyMigration(acting, { name: 'migrate', sql: steps.migrate(table), gates: [noPodOf([STABLE])] }),
      );
      await once('contract early', 'asking for the end of the old column while it is in use', () =>
        applyMigration(acting, {
          name: 'contract-early',
          sql: steps.contract(table),
          gates: defect?.ungated ? [] : [noPodOf(old)],
        }),
      );
      await ship(NEW_ALONE, 'contracted');
      if (defect?.ungated) return;
      await once('contract', 'dropping the old column', () =>
        applyMigration(acting, { name: 'contract', sql: steps.contract(table), gates: [noPodOf(old)] }),
      );
    },
  });
}
