/** A service whose next release needs the next release of another: shipped in the wrong order, and in the right one. */
import type { DeclaredAsk, DependencyExpectation } from '#harness/core/dependency.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { SHOP } from '#harness/stack/shop.ts';
import { flaggerRollout } from '../flagger-rollout.ts';
import { type Acting, unlessLate } from '../on-cluster.ts';
import { NEXT, STABLE } from '../rollout-run.ts';
import type { ScenarioRun } from '../scenario-run.ts';
import { releaseSettled } from '../service-conditions.ts';
import { deployBeside } from './beside.ts';
import { actUnderLoad, type MigrationAct } from './frame.ts';
import { apiRelease, fits } from './service-gate.ts';

/** Says what an order costs; the shop asks it for each. */
const PRICES = 'prices';
const PRICES_PODS = 2;
const SETTLED_S = 60;

/** A release document, and the name that it is shipped by. */
interface Shipment {
  readonly app: string;
  readonly release: string;
  readonly file: string;
}

const SHOP_OLD: Shipment = { app: SHOP, release: STABLE, file: 'quoted-1' };
const SHOP_NEW: Shipment = { app: SHOP, release: NEXT, file: 'quoted-2' };
const PRICES_OLD: Shipment = { app: PRICES, release: 'prices-1', file: 'prices-1' };
const PRICES_NEW: Shipment = { app: PRICES, release: 'prices-2', file: 'prices-2' };

/** A tenth of the requests are orders, and each of them needs what is not there. */
const BAD_PCT = 10;
/** Half of the users: 5 % of all answers are enough for the alert to notice, and over before it fires. */
const CANARY = { interval_s: 10, threshold: 2, step_weight_pct: 50, max_weight_pct: 50 } as const;

/** What is broken on purpose, and what must notice. */
export interface DependencyDefect {
  readonly name: string;
  readonly breaks: string;
  readonly noticed_by: string;
  readonly says: RegExp;
  /** The one of the four that nobody asks about. */
  readonly ungated: string;
}

interface Ask {
  readonly name: string;
  readonly ships: Shipment;
  readonly expected: DeclaredAsk['expected'];
}

const EARLY: Ask = { name: 'shop-first', ships: SHOP_NEW, expected: 'refused' };
const PROVIDER: Ask = { name: 'prices', ships: PRICES_NEW, expected: 'shipped' };
const LATE: Ask = { name: 'shop-second', ships: SHOP_NEW, expected: 'shipped' };
const BACK: Ask = { name: 'prices-back', ships: PRICES_OLD, expected: 'refused' };

/** Each must turn the verdict. */
export const DEPENDENCY_DEFECTS: readonly DependencyDefect[] = [
  {
    name: 'nobody-asks',
    breaks: 'the shop is shipped before the service that it needs, and nobody asks',
    noticed_by: 'dependency-order',
    says: /shop v2 needs version 2 of prices: .*prices-1, which serves version 1; [1-9]\d* requests of v2 failed/,
    ungated: EARLY.name,
  },
  {
    name: 'rolled-back-below',
    breaks: 'the service goes back below what the living shop needs, and nobody asks',
    noticed_by: 'dependency-order',
    says: /shop v2 needs version 2 of prices: .*prices-1, which serves version 1; [1-9]\d* requests of v2 failed/,
    ungated: BACK.name,
  },
];

async function declared(namespace: string, asks: readonly Ask[]): Promise<DependencyExpectation> {
  const releases = await Promise.all(
    [SHOP_OLD, SHOP_NEW, PRICES_OLD, PRICES_NEW].map(({ app, release, file }) =>
      apiRelease(app, release, file),
    ),
  );
  return {
    of: 'dependency',
    namespace,
    app: SHOP,
    releases,
    asks: asks.map(({ name, ships: { release }, expected }) => ({ name, release, expected })),
  };
}

async function deployPrices(acting: Acting, shipment: Shipment): Promise<void> {
  await deployBeside(acting, { ...shipment, replicas: PRICES_PODS });
}

/** Ships a release if whoever is asked before has no objection, and records what was decided. */
async function askFor(acting: MigrationAct, { name, ships }: Ask, is_gated: boolean): Promise<void> {
  const { run, namespace, deploy } = acting;
  const { app, release, file } = ships;
  const objection = is_gated ? await fits(await apiRelease(app, release, file))(acting) : undefined;
  if (objection !== undefined) run.progress(`${release} is refused: ${objection}`);
  run.timeline.record({
    source: 'release',
    kind: 'asked',
    subject: `Ask/${namespace}/${name}`,
    data: {
      release,
      state: objection === undefined ? 'shipped' : 'refused',
      note: objection ?? (is_gated ? 'everything that is there fits' : 'nobody asked'),
    },
  });
  if (objection !== undefined) return;
  if (app === SHOP) return await deploy(release, file);
  await unlessLate(run, async () => {
    await deployPrices(acting, ships);
    await run.timeline.until(releaseSettled({ namespace, app }, release, PRICES_PODS), SETTLED_S, run.signal);
  });
}

/** Asks for the shop's next release before and after that of the service, and for the way back, and judges. */
export async function dependentServices(run: ScenarioRun, defect?: DependencyDefect): Promise<Verdict> {
  const asks = [EARLY, PROVIDER, LATE, BACK];
  return await actUnderLoad(run, await declared(run.run_id, asks), {
    file: SHOP_OLD.file,
    deployed: (acting) => deployPrices(acting, PRICES_OLD),
    act: async (acting) => {
      for (const ask of asks) {
        const { name, ships } = ask;
        const is_gated = defect?.ungated !== name;
        await acting.once(name, `asking for ${ships.release}`, () => askFor(acting, ask, is_gated));
        // What comes after a release that should never have been there says nothing.
        if (!is_gated) return;
      }
    },
  });
}

/** Ships the shop's next release before that of the service, with nobody who asks but Flagger's analysis, and judges. */
export async function dependentCanary(run: ScenarioRun): Promise<Verdict> {
  const namespace = run.run_id;
  run.timeline.record({
    source: 'harness',
    kind: 'expectation',
    subject: `Deployment/${namespace}/${SHOP}`,
    data: await declared(namespace, []),
  });
  return await flaggerRollout(run, {
    release: SHOP_NEW.file,
    stable: SHOP_OLD.file,
    expected: 'rollback',
    bad_answers_pct: BAD_PCT,
    canary: CANARY,
    load: 'steady-300',
    extras: { prepared: (act) => deployPrices(act, PRICES_OLD) },
  });
}
