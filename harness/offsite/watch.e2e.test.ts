import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { RecoveryExpectation } from '#harness/core/recovery.ts';
import { adding } from '#harness/core/testing/altered.ts';
import { load } from '#harness/core/testing/synthetic-parts.ts';
import { Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import type { RuleVerdict } from '#harness/core/verdict.ts';
import { recoveryAlerts } from '#harness/judge/rules/recovery-alerts.ts';
import {
  QUIET_INTERVALS,
  toldOfEndWithin_s,
  toldOfLossWithin_s,
  toldOutside,
} from '#harness/judge/rules/recovery-told.ts';
import { useFreshState } from '#harness/lease/testing/state.ts';
import { observeWatch } from '#harness/observe/offsite.ts';
import { TimelineFile } from '#harness/observe/recorder.ts';
import { holdProgram } from '#harness/process/testing/held-program.ts';
import { hostImages } from './host-image.ts';
import { beginOffsite } from './offsite.ts';
import { watchContainerName } from './places.ts';
import { outputOf, residue } from './testing/residue.ts';
import { type StandIn, startStandIn } from './testing/stand-in.ts';
import type { Watch } from './watch.ts';
import { CLUSTER_GONE, WATCH_TIMES } from './watch-config.ts';

useFreshState();

const PROGRAM = join(import.meta.dirname, 'testing/hold-offsite.ts');
/** As a killed run's cluster: DESIGN. */
const HEAL_DEADLINE_MS = 30_000;
const HOST = 'shop.e2e.test';
const NAMESPACE = 'e2e';
const CLUSTER = 'mettle-e2e';
const options = {
  images: { mode: 'auto' as const },
  progress: () => undefined,
  signal: new AbortController().signal,
};
const WATCH = { alert: CLUSTER_GONE, ...WATCH_TIMES };
const EXPECTATION: RecoveryExpectation = {
  of: 'recovery',
  namespace: NAMESPACE,
  app: 'shop',
  loses: 'cluster',
  recovery_time_s: 60,
  own_budget_s: 60,
  backup: 'wal',
  recovery_point_s: 0,
  release: 'v1',
  components: [],
  restores: false,
  backups_refused: 0,
  may_differ: [],
  alerts: [CLUSTER_GONE],
  watch: WATCH,
};
const QUIET_MS = QUIET_INTERVALS * WATCH_TIMES.group_interval_s * 1000;

let node: string;
beforeAll(async () => {
  node = await (await hostImages(options))('chat');
});

/** What goes otherwise in a loss; nothing by default. */
interface Story {
  readonly id: string;
  /** The watch is over one that is not lost. */
  readonly over_another?: boolean;
  /** Done to the watch before the loss. */
  readonly spoil?: (watch: Watch) => Promise<void>;
  /** Host that is answered for when the stand-in is made again. */
  readonly remade_for?: string;
}

/** When a stand-in was lost and made again, and what the observers of the watch recorded of it. */
interface Seen {
  readonly records: readonly TimelineRecord[];
  readonly lost_at: number;
  readonly served_at: number;
}

const target = ({ network, gateway }: StandIn) => ({
  network,
  gateway,
  host: HOST,
  cluster: CLUSTER,
  namespace: NAMESPACE,
});

/** Loses a stand-in and makes it again. Each time it waits as long as telling may take: who is not told then is never told. */
async function tell({ id, over_another = false, spoil, remade_for = HOST }: Story): Promise<Seen> {
  const folder = await mkdtemp(join(tmpdir(), 'mettle-watch-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  using timeline = new TimelineFile(join(folder, 'timeline.jsonl'));
  await using stand_in = await startStandIn(node, HOST);
  await using another = await startStandIn(node, HOST);
  await using offsite = await beginOffsite({ ...options, id, watch: true });
  const watch = offsite.watch();
  await watch.over(target(over_another ? another : stand_in));
  await spoil?.(watch);
  const alert = { name: CLUSTER_GONE, namespace: NAMESPACE };
  await using observers = await observeWatch(watch, alert, timeline);
  const lost_at = await stand_in.lose();
  await delay(toldOfLossWithin_s(WATCH) * 1000);
  const served_at = await stand_in.remake(remade_for);
  await delay(toldOfEndWithin_s(WATCH) * 1000 + QUIET_MS);
  await observers[Symbol.asyncDispose]();
  return { records: timeline.snapshot().records, lost_at, served_at };
}

/** Judges what was seen, with what a load would have met and what the cluster itself, which is a stand-in, would have said. */
function judge({ records, lost_at, served_at }: Seen): Readonly<Record<'told' | 'alerts', RuleVerdict>> {
  const seconds = Math.ceil((served_at - lost_at) / 1000) + 5;
  const from = served_at - seconds * 1000;
  const subject = `Cluster/${CLUSTER}`;
  const timeline = new Timeline(
    adding(
      { at: from, source: 'harness', kind: 'expectation', subject, data: EXPECTATION },
      {
        at: lost_at,
        source: 'recovery',
        kind: 'destroyed',
        subject,
        data: { what: 'a stand-in', how: 'killed and removed' },
      },
      {
        at: served_at,
        source: 'harness',
        kind: 'observer',
        subject: 'alertmanager',
        data: { state: 'started' },
      },
      ...load(from, seconds + 5, (second) => [
        { release: 'v1', count: 10, bad: second + 1000 > lost_at && second < served_at },
      ]),
    )(records),
  );
  return { told: toldOutside.judge(timeline), alerts: recoveryAlerts.judge(timeline) };
}

/** The chat answers as if all were well and keeps nothing. */
async function deafen({ ports }: Watch): Promise<void> {
  const told = { method: 'PUT', body: JSON.stringify({ drop: true }) };
  const response = await fetch(`http://127.0.0.1:${ports.chat}/behaviour`, told);
  expect(response.status).toBe(200);
}

test('the chat is told once of a loss and once of its end, and what is wrong with the watch is noticed', async () => {
  const before = await residue();
  // Side by side, because most of it is waiting.
  const [well, deaf, elsewhere, unresolved] = await Promise.all([
    tell({ id: 'e2e-told' }),
    tell({ id: 'e2e-deaf', spoil: deafen }),
    tell({ id: 'e2e-elsewhere', over_another: true }),
    tell({ id: 'e2e-unresolved', remade_for: 'other.e2e.test' }),
  ]);
  await expect(residue()).resolves.toStrictEqual(before);

  const { told, alerts } = judge(well);
  expect(told).toMatchObject({ outcome: 'pass' });
  expect(told.items?.map((item) => item.replace(/^[\d.]+ s/, 'so long'))).toStrictEqual([
    'so long after the loss: Alert/ClusterGone: [FIRING:1]\nClusterGone: nobody is served through the gateway of mettle-e2e (shop.e2e.test)',
    'so long after the loss: Alert/ClusterGone: [RESOLVED]\nClusterGone: nobody is served through the gateway of mettle-e2e (shop.e2e.test)',
  ]);
  expect(alerts).toMatchObject({ outcome: 'pass' });
  const states = well.records.flatMap((one) =>
    one.source === 'prometheus' && one.kind === 'alert' ? [one.data] : [],
  );
  expect(states.map(({ state }) => state)).toStrictEqual(['inactive', 'pending', 'firing', 'inactive']);
  expect(states.every(({ site }) => site === 'offsite')).toBe(true);

  const of_deaf = judge(deaf);
  expect(of_deaf.alerts).toMatchObject({ outcome: 'pass' });
  expect(of_deaf.told).toMatchObject({
    outcome: 'fail',
    reason: 'nobody was told of the loss; nobody was told of the end',
  });
  const of_elsewhere = judge(elsewhere);
  expect(of_elsewhere.alerts).toMatchObject({ outcome: 'fail', reason: 'ClusterGone never fired' });
  expect(of_elsewhere.told).toMatchObject({ outcome: 'fail' });
  const of_unresolved = judge(unresolved);
  expect(of_unresolved.alerts.reason).toContain('ClusterGone was not resolved');
  expect(of_unresolved.told).toMatchObject({ outcome: 'fail', reason: 'nobody was told of the end' });
});

test('what it watches must answer, and it is offered to this machine alone', async () => {
  await using stand_in = await startStandIn(node, 'other.e2e.test');
  await using offsite = await beginOffsite({ ...options, id: 'e2e-silent', watch: true });
  await expect(offsite.watch().over(target(stand_in))).rejects.toThrow(
    `the watch off-site to be answered by ${HOST}`,
  );
  for (const part of ['prometheus', 'alertmanager', 'chat'] as const) {
    await expect(outputOf(['docker', 'port', watchContainerName('e2e-silent', part)])).resolves.toStrictEqual(
      [expect.stringMatching(new RegExp(`^\\d+/tcp -> 127\\.0\\.0\\.1:${offsite.watch().ports[part]}$`))],
    );
  }
  await using plain = await beginOffsite({ ...options, id: 'e2e-plain' });
  expect(() => plain.watch()).toThrow('no watch was asked for');
});

describe('a run that is killed leaves nothing of its watch', () => {
  test.for(['a watch off-site', 'the watch off-site stands', 'made e2e-killed'])(
    'by SIGKILL at "%s"',
    async (moment) => {
      const before = await residue();
      const running = holdProgram(PROGRAM, ['e2e-killed', 'watch']);
      await running.sees(moment);
      running.child.kill('SIGKILL');
      await running.child.exited;
      await expect.poll(residue, { timeout: HEAL_DEADLINE_MS, interval: 200 }).toStrictEqual(before);
    },
  );
});
