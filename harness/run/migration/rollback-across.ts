/** A release that needs a migration is bad, and is given up after the migration ran: the former one serves on the new schema. */
import type { MigrationExpectation } from '#harness/core/migration.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { identifier } from '#harness/database/ask.ts';
import { shopSchema } from '#harness/stack/postgres.ts';
import { SHOP } from '#harness/stack/shop.ts';
import { type FlaggerRollout, flaggerRollout } from '../flagger-rollout.ts';
import { type Bounds, boundsNow } from '../recovery/database.ts';
import { NEXT } from '../rollout-run.ts';
import type { ScenarioRun } from '../scenario-run.ts';
import { applyMigration } from './apply.ts';
import { movedColumns } from './moved-columns.ts';
import { recordMigrationContent, recordMigrationEnd } from './record.ts';
import { seedOrders } from './seed.ts';

/** Half of the users at once, so that what is bad about the release is met by half of them. */
const SHARE_PCT = 50;
const CANARY = {
  interval_s: 10,
  threshold: 2,
  step_weight_pct: SHARE_PCT,
  max_weight_pct: SHARE_PCT,
} as const;

/** A migration with the release that needs it. */
interface Across {
  readonly name: string;
  readonly release: string;
  readonly sql: (table: string) => string;
  readonly adds: readonly string[];
  readonly drops?: readonly string[];
  /** Columns of the orders that have another name afterwards. */
  readonly moved?: Readonly<Record<string, string>>;
}

/** The new release writes one column more, which the former one does not know and need not. */
export const ADDED_COLUMN: Across = {
  name: 'add-digest',
  release: 'expanded-errors-50',
  sql: (table) => `SET lock_timeout = '1s';
ALTER TABLE ${table} ADD COLUMN digest text;
`,
  adds: ['orders.digest'],
};

/** The column that the former release writes has another name. */
export const RENAMED_COLUMN: Across = {
  name: 'rename-content-hash',
  release: 'contracted-errors-50',
  sql: (table) => `SET lock_timeout = '1s';
ALTER TABLE ${table} RENAME COLUMN content_hash TO digest;
`,
  adds: ['orders.digest'],
  drops: ['orders.content_hash'],
  moved: { content_hash: 'digest' },
};

/** Migrates, ships the bad release, waits until Flagger gives it up, and judges how the former one fares. */
export async function rollbackAcross(run: ScenarioRun, across: Across): Promise<Verdict> {
  const namespace = run.run_id;
  const schema = shopSchema(namespace);
  const expectation: MigrationExpectation = {
    of: 'migration',
    namespace,
    app: SHOP,
    migrations: [
      {
        name: across.name,
        expected: 'applied',
        adds: across.adds,
        ...(across.drops ? { drops: across.drops } : {}),
      },
    ],
    moved: movedColumns(schema, across.moved),
    bad_release: NEXT,
    bad_release_pct: SHARE_PCT,
  };
  run.timeline.record({
    source: 'harness',
    kind: 'expectation',
    subject: `Deployment/${namespace}/${SHOP}`,
    data: expectation,
  });
  let bounds: Bounds = [];
  const rollout: FlaggerRollout = {
    release: across.release,
    expected: 'rollback',
    bad_answers_pct: 50,
    canary: CANARY,
    load: 'steady-300',
    database: true,
    extras: {
      remember_orders: true,
      prepared: (act) => seedOrders(act),
      steady: async (act) => {
        bounds = await boundsNow({ kube: act.ctx.kube, cluster: act.cluster }, namespace);
        await recordMigrationContent(act, 'before', bounds);
        await run.phase('migrate', `migrating the schema: ${across.name}`, async () => {
          await applyMigration(act, {
            name: across.name,
            sql: across.sql(`${identifier(schema)}.orders`),
          });
        });
      },
      ended: (act, from) => recordMigrationEnd(act, { bounds, from }),
    },
  };
  return await flaggerRollout(run, rollout);
}
