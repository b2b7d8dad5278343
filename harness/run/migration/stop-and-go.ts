/** A release that cannot live beside its predecessor: all pods are stopped, the schema is migrated, the new ones are started. */
import type { ClosedData, DowntimeWindow } from '#harness/core/migration.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { identifier } from '#harness/database/ask.ts';
import { shopSchema } from '#harness/stack/postgres.ts';
import { SHOP } from '#harness/stack/shop.ts';
import { stopPlain } from '../plain-shop.ts';
import { NEXT, STABLE } from '../rollout-run.ts';
import type { ScenarioRun } from '../scenario-run.ts';
import { releaseGone } from '../service-conditions.ts';
import { withFault } from '../with-fault.ts';
import { applyMigration, noPodOf } from './apply.ts';
import { type MigrationAct, migrateUnderLoad } from './frame.ts';
import { movedColumns } from './moved-columns.ts';
import { tryMethods } from './read-only.ts';
import { RENAMED_COLUMN } from './rollback-across.ts';

/** What the time without service may be made of. */
const WINDOW: DowntimeWindow = {
  old_release: STABLE,
  new_release: NEXT,
  // The gateway takes what it is told within a tenth of a second; then it is proven, and each method is tried.
  close_s: 3,
  // terminationGracePeriodSeconds of the shop's pods.
  stop_s: 10,
  // A pod of the Job is made, asks the database, and renames a column.
  migrate_s: 10,
  // A pod starts in 2 s, fills its pool, and is asked once a second whether it is ready.
  start_s: 10,
  open_s: 5,
};

const FAULT = 'gateway-closed';
/** Whoever is lost in the middle leaves the gateway closed for so long at most. */
const LEASE_S = 180;
const STOPPED_S = 30;

/** What is broken on purpose, and what must notice. */
export interface StopAndGoDefect {
  readonly name: string;
  readonly breaks: string;
  readonly noticed_by: string;
  readonly says: RegExp;
  /** Document of the new release. */
  readonly file?: string;
  /** Nobody waits for the end of the old pods. */
  readonly hasty?: true;
}

/** Each must turn the verdict. */
export const STOP_AND_GO_DEFECTS: readonly StopAndGoDefect[] = [
  {
    name: 'late-start',
    breaks: 'the new release is not ready for 45 s',
    noticed_by: 'downtime',
    says: /it lasted \d+\.\d s too long; nobody was served for/,
    file: 'contracted-late',
  },
  {
    name: 'old-pod-lives',
    breaks: 'the migration begins while pods of the old release are on their way out',
    noticed_by: 'migration-waited',
    says: /rename-content-hash was begun while Pod\/\S+ .*lived/,
    hasty: true,
  },
];

function sayer({ run, namespace }: MigrationAct, lease_until: number) {
  return (data: Omit<ClosedData, 'lease_until'>): void => {
    const subject = `Shop/${namespace}/${SHOP}`;
    run.timeline.record({ source: 'harness', kind: 'closed', subject, data: { lease_until, ...data } });
  };
}

/** What the last record of the fault that closes the gateway says was seen. */
function seenOf({ run }: MigrationAct, kind: 'proven_on' | 'proven_off'): string {
  const of = run.timeline.snapshot().of('fault', kind);
  return of.findLast(({ data }) => data.fault === FAULT)?.data.detail ?? '';
}

async function stopAll(acting: MigrationAct, defect: StopAndGoDefect | undefined): Promise<void> {
  const { run, namespace } = acting;
  await stopPlain(acting, { release: STABLE, file: 'good', database: true });
  if (!defect?.hasty) await run.timeline.until(releaseGone(namespace, STABLE), STOPPED_S, run.signal);
}

/** Closes, stops, migrates, starts and opens. */
async function stopAndStart(acting: MigrationAct, defect: StopAndGoDefect | undefined): Promise<void> {
  const { namespace, deploy } = acting;
  const say = sayer(acting, Date.now() + LEASE_S * 1000);
  say({ state: 'asked', seen: `the gateway is to refuse everybody for ${LEASE_S} s at most` });
  {
    await using _closed = await withFault(acting, { fault: FAULT, lease_s: LEASE_S });
    say({ state: 'holds', seen: seenOf(acting, 'proven_on'), answers: await tryMethods(acting) });
    await stopAll(acting, defect);
    const is_applied = await applyMigration(acting, {
      name: RENAMED_COLUMN.name,
      sql: RENAMED_COLUMN.sql(`${identifier(shopSchema(namespace))}.orders`),
      gates: defect?.hasty ? [] : [noPodOf([STABLE])],
    });
    if (is_applied) await deploy(NEXT, defect?.file ?? 'contracted');
    say({ state: 'opening', seen: `release ${NEXT} is to be led to` });
  }
  say({ state: 'opened', seen: seenOf(acting, 'proven_off') });
}

/** Stops the old release, migrates, starts the new one, and judges how long nobody was served. */
export async function stopAndGo(run: ScenarioRun, defect?: StopAndGoDefect): Promise<Verdict> {
  const schema = shopSchema(run.run_id);
  const { name, adds, drops = [], moved } = RENAMED_COLUMN;
  return await migrateUnderLoad(run, {
    expectation: {
      migrations: [{ name, expected: 'applied', adds, drops, retires: [STABLE] }],
      moved: movedColumns(schema, moved),
      window: WINDOW,
    },
    act: (acting) =>
      acting.once('stop and go', 'stopping all pods, migrating, and starting the new release', () =>
        stopAndStart(acting, defect),
      ),
  });
}
