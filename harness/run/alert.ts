import type { AlertExpectation } from '#harness/core/expectation.ts';
import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeAlert } from '#harness/judge/alert.ts';
import {
  firingSpan_s,
  QUIET_INTERVALS,
  resolvedWithin_s,
  toldOfEndWithin_s,
  toldWithin_s,
} from '#harness/judge/rules/alert-timing.ts';
import { DEPLOYMENT } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import type { ProfileName } from '#harness/load/profiles.ts';
import { observeAlert, observeAlertmanager } from '#harness/observe/alerts.ts';
import { observeChat } from '#harness/observe/chat.ts';
import type { TimelineCondition } from '#harness/observe/recorder.ts';
import { observeService } from '#harness/observe/service.ts';
import { CRASH_ALERT, SHOP_ALERT } from '#harness/stack/alert-rules.ts';
import { checkRules } from '#harness/stack/rule-check.ts';
import { ALERT_GROUPING } from '#harness/stack/alertmanager.ts';
import { SCRAPE_INTERVAL_S } from '#harness/stack/prometheus.ts';
import { SHOP, shopHost } from '#harness/stack/shop.ts';
import { deployPlain } from './plain-shop.ts';
import { type Acting, beginLoad, onCluster, STEADY_S, unlessLate, untilSteady } from './on-cluster.ts';
import { passes } from './passes.ts';
import type { ScenarioRun } from './scenario-run.ts';

/** What goes wrong: the alert that is made for it, and the release that does it. */
const TROUBLES = {
  'bad-answers': {
    alert: SHOP_ALERT,
    release: 'errors-50',
    threshold_pct: SHOP_ALERT.threshold_pct,
    bad_answers_pct: 50,
  },
  'crash-loop': { alert: CRASH_ALERT, release: 'crash-at-start' },
} as const;

/** Something that is broken on purpose, and the rule that must notice it. */
export interface AlertDefect {
  readonly name: string;
  readonly breaks: string;
  readonly noticed_by: string;
  /** The team expects the alert after this time, in seconds, whatever the rule in Prometheus says. */
  readonly for_s?: number;
  /** Breaks something before the load starts; disposing of the result mends it. */
  readonly before?: (acting: Acting) => Promise<AsyncDisposable>;
}

export interface AlertScenario {
  readonly cause: AlertExpectation['cause'];
  readonly load: ProfileName;
  readonly defect?: AlertDefect;
}

const READY_S = 60;
/** Added to computed times, so that a late end is seen, and judged as late. */
const LATE_S = 10;

/** Ships a release that calls for an alert, with no rollout controller in its way, and a good one once the alert was told. */
export async function alertOnce(run: ScenarioRun, scenario: AlertScenario): Promise<Verdict> {
  const { alert, release: _release, ...trouble } = TROUBLES[scenario.cause];
  const expectation: AlertExpectation = {
    of: 'alert',
    name: alert.name,
    namespace: run.run_id,
    cause: scenario.cause,
    ...trouble,
    window_s: alert.window_s,
    for_s: scenario.defect?.for_s ?? alert.for_s,
    scrape_interval_s: SCRAPE_INTERVAL_S,
    evaluation_interval_s: SHOP_ALERT.evaluation_interval_s,
    ...ALERT_GROUPING,
  };
  run.timeline.record({
    source: 'harness',
    kind: 'expectation',
    subject: `Alert/${expectation.name}`,
    data: expectation,
  });
  return await onCluster(run, {
    act: (acting) => act(acting, scenario, expectation),
    judge: judgeAlert,
  });
}

async function observe(
  { run, ctx, cluster, namespace }: Acting,
  alert: AlertExpectation,
): Promise<AsyncDisposable> {
  await using observers = new AsyncDisposableStack();
  observers.use(await observeService({ kube: ctx.kube, namespace }, run.timeline));
  observers.use(await observeAlert(cluster.ports.prometheus, alert, run.timeline));
  observers.use(await observeAlertmanager(cluster.ports.alertmanager, namespace, run.timeline));
  observers.use(await observeChat(cluster.ports.chat, namespace, run.timeline));
  return observers.move();
}

async function act(acting: Acting, scenario: AlertScenario, alert: AlertExpectation): Promise<void> {
  const { run, ctx, namespace } = acting;
  const { load: profile, cause, defect } = scenario;
  const subject = { ...DEPLOYMENT, namespace, name: SHOP };
  const current = async (): Promise<void> => {
    await ctx.kube.waitFor(isCurrent(subject), {
      deadline_s: READY_S,
      progress: run.progress,
      signal: run.signal,
    });
  };
  await using broken = new AsyncDisposableStack();
  await run.phase('prepare', 'deploying the shop, release v1', async () => {
    await deployPlain(acting, { release: 'v1', file: 'good', first: true });
    await current();
  });
  if (defect?.before) broken.use(await defect.before(acting));
  await using observers = await observe(acting, alert);
  await using load = await beginLoad(acting, { profile, host: shopHost(namespace) });
  const steady = { subject: SHOP, profile };
  await run.phase('steady state', 'waiting for the steady state', () =>
    untilSteady(run, load, { ...steady, moment: 'before' }),
  );
  await run.phase('alert rule', `asking Prometheus what alert ${alert.name} reads`, () =>
    recordRule(acting, alert.name),
  );
  const until = (condition: TimelineCondition, deadline_s: number): Promise<void> =>
    unlessLate(run, () => run.timeline.until(condition, deadline_s, run.signal));

  await run.phase('trouble', `shipping release v2 (${TROUBLES[cause].release})`, () =>
    deployPlain(acting, { release: 'v2', file: TROUBLES[cause].release }),
  );
  await run.phase('alert', `waiting for alert ${alert.name}`, async () => {
    const span_s = firingSpan_s(alert);
    // The clock of the alert starts with its cause, which needs a pod to start, and to crash twice.
    await until(stateReached(alert, 'firing'), span_s.to_s + READY_S);
    await until(told(alert, false), toldWithin_s(alert) + LATE_S);
    run.progress('watching for messages that come twice');
    await passes(run, (QUIET_INTERVALS + 1) * alert.group_interval_s);
  });
  await run.phase('mend', 'shipping release v3 (good)', async () => {
    await deployPlain(acting, { release: 'v3', file: 'good' });
    await unlessLate(run, current);
  });
  await run.phase('settle', `waiting for the end of alert ${alert.name}`, async () => {
    await until(stateReached(alert, 'inactive'), resolvedWithin_s(alert) + LATE_S);
    await until(told(alert, true), toldOfEndWithin_s(alert) + LATE_S);
    await passes(run, 2 * alert.group_interval_s);
    await unlessLate(run, () =>
      untilSteady(run, load, { ...steady, moment: 'after', deadline_s: 2 * STEADY_S }),
    );
  });
  await run.phase('end of load', 'ending the load', async () => {
    await load.stop();
    await observers[Symbol.asyncDispose]();
  });
}

async function recordRule({ run, cluster }: Acting, name: string): Promise<void> {
  const rules = await checkRules(cluster.ports.prometheus);
  for (const { expression, missing, error } of rules.filter((rule) => rule.name === name)) {
    run.timeline.record({
      source: 'prometheus',
      kind: 'rule',
      subject: name,
      data: { expression, missing, ...(error === undefined ? {} : { error }) },
    });
  }
}

function stateReached(alert: AlertExpectation, state: 'firing' | 'inactive'): TimelineCondition {
  return {
    awaited: `alert ${alert.name} to be ${state}`,
    holds: (timeline) =>
      timeline.of('prometheus', 'alert').findLast((record) => record.subject === alert.name)?.data.state ===
      state,
  };
}

function told(alert: AlertExpectation, of_end: boolean): TimelineCondition {
  const heard = (timeline: Timeline): boolean =>
    timeline
      .of('chat', 'message')
      .some(
        ({ subject, data }) => subject === `Alert/${alert.name}` && (data.severity === 'good') === of_end,
      );
  return { awaited: `a message about ${of_end ? 'the end of ' : ''}alert ${alert.name}`, holds: heard };
}
