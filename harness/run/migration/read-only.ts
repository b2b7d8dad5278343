/** A migration that writes must not meet, in a time in which nothing is written: by the service's own flag, or by the proxy. */
import type { MethodAnswer, MigrationExpectation, ReadOnlyData } from '#harness/core/migration.ts';
import type { EpochMs } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { identifier } from '#harness/database/ask.ts';
import { askShop } from '#harness/stack/ask-shop.ts';
import { shopSchema } from '#harness/stack/postgres.ts';
import { pokeShop, setReadOnly, shopModes, withModeFlag } from '#harness/stack/shop-mode.ts';
import { shopHost, SHOP } from '#harness/stack/shop.ts';
import type { Acting } from '../on-cluster.ts';
import { lookUntil } from '../recovery/look.ts';
import type { ScenarioRun } from '../scenario-run.ts';
import { withFault } from '../with-fault.ts';
import { applyMigration } from './apply.ts';
import { type MigrationAct, migrateUnderLoad } from './frame.ts';

type By = ReadOnlyData['by'];

/** The pod of the Job starts, and the statements take a while; the proxy's responder has to start before. */
const LEASE_S: Readonly<Record<By, number>> = { flag: 35, proxy: 40 };
/** The shop goes by its own clock; of the proxy's rule its keeper is told first, and then the proxy. */
const BACK_WITHIN_S: Readonly<Record<By, number>> = { flag: 2, proxy: 5 };
/** The kubelet hands a map on within a second or two, on a busy machine later. */
const HOLDS_S = 20;
const ENDS_S = 30;

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** What is broken on purpose, and what must notice. */
export interface ReadOnlyDefect {
  readonly name: string;
  readonly breaks: string;
  readonly by: By;
  readonly noticed_by: string;
  readonly says: RegExp;
  readonly lease_s?: number;
  /** How long the table is locked. */
  readonly locked_s?: number;
  /** Methods that the proxy's rule refuses. */
  readonly methods?: readonly string[];
}

/** Each must turn the verdict. */
export const READ_ONLY_DEFECTS: readonly ReadOnlyDefect[] = [
  {
    name: 'lease-too-short',
    breaks: 'the lease ends while the migration is at work',
    by: 'flag',
    noticed_by: 'read-only-covers',
    says: /after writes could be taken again/,
    lease_s: 10,
    locked_s: 10,
  },
  {
    name: 'post-forgotten',
    breaks: 'the rule of the proxy lets POST through',
    by: 'proxy',
    noticed_by: 'read-only-held',
    says: /\d+ writes got through/,
    methods: ['PUT', 'PATCH', 'DELETE'],
  },
];

/** Locks the table for as long as a large one would take: every write would wait, and most would be given up. */
const sql = (table: string, locked_s = 3): string => `ALTER TABLE ${table} ADD COLUMN digest text;
UPDATE ${table} SET digest = content_hash;
CREATE INDEX orders_digest ON ${table} (digest);
SELECT pg_sleep(${locked_s});
`;

/** Migrates while the shop is read-only, waits until that ends by itself, and judges. */
export async function migrateReadOnly(run: ScenarioRun, by: By, defect?: ReadOnlyDefect): Promise<Verdict> {
  const lease_s = defect?.lease_s ?? LEASE_S[by];
  const read_only: MigrationExpectation['read_only'] = { by, lease_s, back_within_s: BACK_WITHIN_S[by] };
  const table = `${identifier(shopSchema(run.run_id))}.orders`;
  return await migrateUnderLoad(run, {
    expectation: {
      migrations: [{ name: 'rewrite', expected: 'applied', adds: ['orders.digest'] }],
      read_only,
    },
    ...(by === 'flag' ? { shape: { reshape: withModeFlag } } : {}),
    act: async (acting) => {
      await acting.once('read-only', `migrating while the shop is read-only by its ${by}`, async () => {
        const hold = by === 'flag' ? holdByFlag : holdByProxy;
        await hold(acting, { lease_s, methods: defect?.methods }, async () => {
          await applyMigration(acting, { name: 'rewrite', sql: sql(table, defect?.locked_s) });
        });
      });
    },
  });
}

interface Hold {
  readonly lease_s: number;
  readonly methods: readonly string[] | undefined;
}

function sayer({ run, namespace }: MigrationAct, by: By) {
  return (lease_until: EpochMs, data: Omit<ReadOnlyData, 'by' | 'lease_until'>, at?: EpochMs): void => {
    run.timeline.record({
      ...(at === undefined ? {} : { at }),
      source: 'harness',
      kind: 'read_only',
      subject: `Shop/${namespace}/${SHOP}`,
      data: { by, lease_until, ...data },
    });
  };
}

/** What a client is told that asks by each method; its orders say nothing, so none can be taken. */
export async function tryMethods({
  cluster,
  namespace,
}: Pick<Acting, 'cluster' | 'namespace'>): Promise<readonly MethodAnswer[]> {
  const address = { port: cluster.ports.gateway, host: shopHost(namespace) };
  return await Promise.all(
    METHODS.map(async (method): Promise<MethodAnswer> => {
      const asked = method === 'GET' ? { path: '/items/1' } : { path: '/orders', body: '{}' };
      const { status, headers, body } = await askShop(address, { method, ...asked });
      const retry_after_s = Number(headers['retry-after']);
      return {
        method,
        status,
        body: body.slice(0, 200),
        ...(retry_after_s > 0 ? { retry_after_s } : {}),
      };
    }),
  );
}

/** Waits until no write is under way in any pod, and says so. */
async function untilQuiet({ run, ctx, namespace }: MigrationAct, is_flag: boolean): Promise<string> {
  return await lookUntil(
    async () => {
      // A kubelet that was told too early, before it heard of the map, looks again only after a minute.
      if (is_flag) await pokeShop(ctx.kube, namespace);
      const { pods, read_only, writing } = await shopModes(ctx.kube, namespace);
      const seen = `${read_only} of ${pods} pods are read-only, ${writing} writes are under way`;
      const quiet = pods > 0 && writing === 0 && (!is_flag || read_only === pods);
      return quiet ? { found: seen } : { seen };
    },
    {
      awaited: 'every write to be refused and none to be under way',
      deadline_s: HOLDS_S,
      signal: run.signal,
    },
  );
}

async function holdByFlag(
  acting: MigrationAct,
  { lease_s }: Hold,
  migrate: () => Promise<void>,
): Promise<void> {
  const { run, ctx, namespace } = acting;
  const say = sayer(acting, 'flag');
  const until = Date.now() + lease_s * 1000;
  say(until, { state: 'asked', seen: `the flag is set for ${lease_s} s` });
  await setReadOnly(ctx.kube, namespace, until);
  const seen = await untilQuiet(acting, true);
  say(until, { state: 'holds', seen, answers: await tryMethods(acting) });
  await migrate();
  const ended = await lookUntil(
    async () => {
      const { pods, read_only } = await shopModes(ctx.kube, namespace);
      const words = `${read_only} of ${pods} pods are read-only`;
      return pods > 0 && read_only === 0 ? { found: words } : { seen: words };
    },
    { awaited: 'the lease of the flag to end', deadline_s: lease_s + ENDS_S, signal: run.signal },
  );
  // Nobody touched the flag: it still stands there, and its time is over.
  say(until, { state: 'ended', seen: ended, ended_by: 'lease' });
}

async function holdByProxy(
  acting: MigrationAct,
  { lease_s, methods }: Hold,
  migrate: () => Promise<void>,
): Promise<void> {
  const { run } = acting;
  const say = sayer(acting, 'proxy');
  const asked_at = Date.now();
  const fault = 'gateway-read-only';
  const options = methods ? { methods } : {};
  await using _held = await withFault(acting, { fault, options, lease_s });
  const of = (kind: 'injected' | 'healed' | 'proven_off', timeline = run.timeline.snapshot()) =>
    timeline.of('fault', kind).find(({ data }) => data.fault === fault);
  const until = (of('injected')?.at ?? asked_at) + lease_s * 1000;
  say(until, { state: 'asked', seen: `the rule is set for ${lease_s} s` }, asked_at);
  const seen = await untilQuiet(acting, false);
  say(until, { state: 'holds', seen, answers: await tryMethods(acting) });
  await migrate();
  await run.timeline.until(
    {
      awaited: 'the lease of the rule to end',
      holds: (timeline) => of('proven_off', timeline) !== undefined,
    },
    lease_s + ENDS_S,
    run.signal,
  );
  const healed = of('healed');
  say(until, {
    state: 'ended',
    seen: of('proven_off')?.data.detail ?? '',
    ...(healed?.data.by === undefined ? {} : { ended_by: healed.data.by }),
  });
}
