/** A release with a migration in a pipeline that has the guard as its gate. */
import type { GateController, MigrationExpectation } from '#harness/core/migration.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { identifier } from '#harness/database/ask.ts';
import { type GateKind, observeGuard } from '#harness/observe/guard.ts';
import { databaseReader } from '#harness/stack/database-reader.ts';
import { shopSchema } from '#harness/stack/postgres.ts';
import { type GuardedManifests, guardedMigration } from '#harness/stack/shop-guard.ts';
import { type Acting, unlessLate } from '../on-cluster.ts';
import { loadMeasured } from '../rollout-conditions.ts';
import { NEXT } from '../rollout-run.ts';
import type { ScenarioRun } from '../scenario-run.ts';
import { migrateUnderLoad } from './frame.ts';

/** Seconds of load after a refusal, in which nothing may follow it: each of the controllers looks again within this time. */
const HELD_S = 12;

/** A migration with the release that is shipped with it. */
export interface GateCase {
  readonly name: string;
  readonly says: 'pass' | 'fail';
  readonly sql: (table: string) => string;
  readonly adds?: readonly string[];
}

/** Cuts every value off without a word: a cast is asked for, so the server does not object. */
export const CUT_OFF_SILENTLY: GateCase = {
  name: 'cut-hash',
  says: 'fail',
  sql: (table) => `SET lock_timeout = '1s';
ALTER TABLE ${table} ALTER COLUMN content_hash TYPE varchar(4) USING content_hash::varchar(4);
`,
};

/** Harms nobody. */
export const COLUMN_BEFORE_RELEASE: GateCase = {
  name: 'add-digest',
  says: 'pass',
  sql: (table) => `SET lock_timeout = '1s';
ALTER TABLE ${table} ADD COLUMN digest text;
`,
  adds: ['orders.digest'],
};

/** A guard that says yes to whatever it is asked. */
export interface GateDefect {
  readonly name: string;
  readonly breaks: string;
  readonly noticed_by: string;
  readonly says: RegExp;
}

export const SAYS_YES: GateDefect = {
  name: 'guard-says-yes',
  breaks: 'the guard looks at nothing and says yes',
  noticed_by: 'guard-blocked',
  says: /cut-hash reached the database: Pod\/\S+/,
};

/** What is shipped: the release, its document, and its migration with the guard before it. */
export interface GatedShipment {
  readonly migration: string;
  /** Release document under `fixtures/releases`. */
  readonly file: string;
  readonly manifests: GuardedManifests;
}

/** A pipeline: who ships, and who stands at the gate. */
export interface GateWay {
  /** Whose words must say that it was the guard's Job, where the release is refused. */
  readonly by: GateController;
  /** The migration's Job is shipped with the release, and somebody starts it. */
  readonly starts_job?: boolean;
  /** Release document that is shipped with a migration that passes; one that needs what the migration adds, where that can be. */
  readonly file: string;
  /** Kinds by which the pipeline says how it stands. */
  readonly kinds: readonly GateKind[];
  readonly deploy: (acting: Acting) => Promise<AsyncDisposable | void>;
  /** Ships, and records that. */
  readonly ship: (acting: Acting, shipment: GatedShipment) => Promise<void>;
  /**
   * Waits until the pipeline has let the release through or has refused it.
   * @returns what it says of the refusal
   * @throws DeadlineError when it does neither
   */
  readonly ended: (acting: Acting) => Promise<string | undefined>;
}

/** Ships a release with its migration under load, and judges what the gate did. */
export async function migrateThroughGate(
  run: ScenarioRun,
  way: GateWay,
  { name, says, sql, adds }: GateCase,
  defect?: GateDefect,
): Promise<Verdict> {
  const namespace = run.run_id;
  const expected = says === 'pass' ? 'applied' : 'refused';
  const migration = {
    name,
    expected,
    guard: { says, release: NEXT, by: way.by },
    ...(adds ? { adds } : {}),
  } as const;
  const expectation: Pick<MigrationExpectation, 'migrations'> = { migrations: [migration] };
  return await migrateUnderLoad(run, {
    expectation,
    deploy: way.deploy,
    observe: ({ ctx }) => observeGuard({ kube: ctx.kube, namespace }, way.kinds, run.timeline),
    act: async (acting) => {
      const { ctx, once } = acting;
      await using _reader = await databaseReader(ctx, namespace);
      const manifests = await guardedMigration(ctx, {
        namespace,
        name,
        sql: sql(`${identifier(shopSchema(namespace))}.orders`),
        ...(way.starts_job ? { suspended: true } : {}),
        ...(defect ? { says_yes: true } : {}),
      });
      const file = says === 'pass' ? way.file : 'good';
      await once('ship', `shipping release ${NEXT} (${file}) with migration ${name}`, async () => {
        await way.ship(acting, { migration: name, file, manifests });
      });
      await once('gate', 'waiting for what becomes of it', () =>
        unlessLate(run, async () => {
          const refusal = await way.ended(acting);
          if (refusal === undefined) return;
          run.progress(refusal);
          run.timeline.record({
            source: 'database',
            kind: 'migration',
            subject: `Migration/${namespace}/${name}`,
            data: { state: 'refused', note: refusal },
          });
          await run.timeline.until(loadMeasured(HELD_S, Date.now()), 3 * HELD_S, run.signal);
        }),
      );
    },
  });
}
