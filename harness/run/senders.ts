import { UnfitError } from '#harness/core/errors.ts';
import type { ExpectedMessage } from '#harness/core/expectation.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeMessages } from '#harness/judge/messages.ts';
import { observeChat } from '#harness/observe/chat.ts';
import { messagesMet, setChatBehaviour } from '#harness/stack/chat.ts';
import {
  deployRolloutShop,
  shipToRollout,
  stableHashOf,
  untilRolloutEnded,
} from '#harness/stack/shop-argo.ts';
import { kustomizationFiles } from '#harness/stack/shop-git.ts';
import { removeShop, untilInitialised, untilPhase } from '#harness/stack/shop.ts';
import { beginGitops, type RunRepository } from './gitops.ts';
import { type Acting, onCluster, releaseDocument, unlessLate } from './on-cluster.ts';
import type { ScenarioRun } from './scenario-run.ts';
import { owedMessages, REFUSAL_CONTRACTS, type SenderPlaces, TRIAL_ALERTS } from './senders-expected.ts';
import { passes } from './passes.ts';

export interface SendersScenario {
  /** The chat refuses one message of each sender with this status; none when absent. */
  readonly refusal?: 429 | 500;
}

const CANARY = { interval_s: 10, threshold: 1, step_weight_pct: 10, max_weight_pct: 50 } as const;
const DEADLINE_S = { deployed: 90, ended: 90, told: 40 } as const;
/** Longest time for what senders try again, and for duplicates to come, in seconds. */
const QUIET_S = { usual: 6, refusal: 25 } as const;
const RETRY_AFTER_S = 1;
const TIMEOUT_MS = 5_000;

/** Lets every sender tell what happens to it, and judges what the chat understood. */
export async function senders(run: ScenarioRun, scenario: SendersScenario = {}): Promise<Verdict> {
  const places: SenderPlaces = { flagger: run.run_id, argo: `${run.run_id}-argo` };
  const messages = expectedOf(places, scenario);
  run.timeline.record({
    source: 'harness',
    kind: 'expectation',
    subject: 'chat',
    data: { of: 'messages', namespace: run.run_id, messages },
  });
  return await onCluster(run, {
    act: (acting) => act({ ...acting, places, scenario, messages }),
    judge: judgeMessages,
  });
}

function expectedOf(places: SenderPlaces, { refusal }: SendersScenario): readonly ExpectedMessage[] {
  const owed = owedMessages(places);
  if (refusal === undefined) return owed;
  return owed.flatMap((message) => {
    const contract = REFUSAL_CONTRACTS.find(
      (one) =>
        one.sender === message.sender && one.dialect === message.dialect && message.says.includes(one.says),
    );
    // The generic receiver posts below the path of the first: it would take that one's refusal.
    if (!contract || message.subject === `Alert/${TRIAL_ALERTS.generic}`) return [];
    const { path, outcome } = contract;
    return [{ ...message, refused: { status: refusal, path, outcome: outcome[refusal] ?? 'told' } }];
  });
}

interface SendersAct extends Acting {
  readonly places: SenderPlaces;
  readonly scenario: SendersScenario;
  readonly messages: readonly ExpectedMessage[];
}

async function act(acting: SendersAct): Promise<void> {
  const { run, ctx, cluster, places, scenario, messages } = acting;
  await using cleanup = new AsyncDisposableStack();
  if (run.environment.keep !== 'always') cleanup.defer(() => removeShop(ctx, places.argo));
  await using observers = new AsyncDisposableStack();
  for (const namespace of new Set(Object.values(places))) {
    observers.use(await observeChat(cluster.ports.chat, namespace, run.timeline));
  }
  await refuse(acting, 'flagger', cleanup);
  await run.phase('tell', 'letting every sender tell what happens to it', async () => {
    await Promise.all([
      tellFluxAndFlagger(acting, cleanup),
      tellArgo(acting, cleanup),
      tellAlertmanager(acting),
    ]);
  });
  await run.phase('settle', 'waiting for the messages', async () => {
    const due = messages.filter((one) => one.refused?.outcome !== 'lost');
    await unlessLate(run, () =>
      run.timeline.until(
        {
          awaited: `${due.length} messages in the chat`,
          holds: (timeline) => {
            const told = timeline.of('chat', 'message');
            return due.every((one) =>
              told.some(({ subject, data }) => subject === one.subject && arrived(one, data)),
            );
          },
        },
        DEADLINE_S.told,
        run.signal,
      ),
    );
    await passes(run, scenario.refusal === undefined ? QUIET_S.usual : QUIET_S.refusal);
    await recordRefusals(acting);
  });
  await run.phase('end', 'ending the observation', () => observers.disposeAsync());
}

function arrived(one: ExpectedMessage, said: { readonly sender: string; readonly text: string }): boolean {
  return said.sender === one.sender && said.text.includes(one.says);
}

/** Tells the chat to refuse the next message of the senders that speak of one of the two shops. */
async function refuse(
  { cluster, places, scenario, messages }: SendersAct,
  place: keyof SenderPlaces,
  cleanup: AsyncDisposableStack,
): Promise<void> {
  const { refusal } = scenario;
  if (refusal === undefined) return;
  for (const { sender, refused } of messages) {
    if (!refused || (sender === 'argo-rollouts') !== (place === 'argo')) continue;
    const scope = { sender, namespace: places[place], path: refused.path };
    const how = refusal === 429 ? { status: refusal, retry_after_s: RETRY_AFTER_S } : { status: refusal };
    await setChatBehaviour(cluster, { ...how, for: scope, times: 1 });
    cleanup.defer(() => setChatBehaviour(cluster, { for: scope }));
  }
}

async function recordRefusals({ run, cluster, places, messages }: SendersAct): Promise<void> {
  for (const { sender, subject, refused } of messages) {
    if (!refused) continue;
    const namespace = sender === 'argo-rollouts' ? places.argo : places.flagger;
    const { path, status } = refused;
    const count = await messagesMet(cluster, { sender, namespace, path });
    run.timeline.record({
      source: 'harness',
      kind: 'refused_messages',
      subject,
      data: { sender, path, status, count },
    });
  }
}

/** Flux fetches and applies two commits; Flagger initialises the first release, and rolls the second back for want of values. */
async function tellFluxAndFlagger(acting: SendersAct, cleanup: AsyncDisposableStack): Promise<void> {
  const { ctx, namespace } = acting;
  const files = async (release: string, former: readonly string[]) =>
    await kustomizationFiles(ctx, {
      release,
      former,
      namespace,
      document: await releaseDocument('good', release),
      canary: CANARY,
    });
  const repository: RunRepository = cleanup.use(
    await beginGitops(acting, {
      applier: 'kustomization',
      files: await files('v1', []),
      providers: ['slack', 'rocket', 'generic'],
    }),
  );
  await untilInitialised(ctx, { namespace, deadline_s: DEADLINE_S.deployed });
  await repository.push({ message: 'Ship release v2 of the shop', files: await files('v2', ['v1']) });
  await unlessLate(acting.run, () =>
    untilPhase(ctx, ['Failed'], { namespace, deadline_s: DEADLINE_S.ended }),
  );
}

/** Argo Rollouts deploys the first release, and aborts the second for want of values. */
async function tellArgo(acting: SendersAct, cleanup: AsyncDisposableStack): Promise<void> {
  const { run, ctx, places } = acting;
  const namespace = places.argo;
  const shop = { namespace, rollout: { failure_limit: 0, initial_delay_s: 5 } };
  await deployRolloutShop(ctx, { ...shop, release: 'v1', document: await releaseDocument('good', 'v1') });
  await untilRolloutEnded(ctx, { namespace, deadline_s: DEADLINE_S.deployed });
  const before = await stableHashOf(ctx, namespace);
  await refuse(acting, 'argo', cleanup);
  await shipToRollout(ctx, { ...shop, release: 'v2', document: await releaseDocument('good', 'v2') });
  await unlessLate(run, () => untilRolloutEnded(ctx, { namespace, deadline_s: DEADLINE_S.ended, before }));
}

/** Alertmanager is given one alert for each of its receivers, as Prometheus gives them, and later their end. */
async function tellAlertmanager(acting: SendersAct): Promise<void> {
  const { run, cluster, namespace, messages } = acting;
  const starts_at = new Date();
  const give = async (ends_at?: Date): Promise<void> => {
    const alerts = Object.entries(TRIAL_ALERTS).map(([receiver, alertname]) => ({
      labels: {
        alertname,
        namespace,
        severity: 'warning',
        ...(receiver === 'chat' ? {} : { mettle_receiver: receiver }),
      },
      annotations: { summary: 'a trial of every receiver' },
      startsAt: starts_at.toISOString(),
      ...(ends_at ? { endsAt: ends_at.toISOString() } : {}),
    }));
    const url = `http://127.0.0.1:${cluster.ports.alertmanager}/api/v2/alerts`;
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new UnfitError(`Alertmanager refused the alerts: ${await response.text()}`);
  };
  await give();
  const firing = messages.filter(({ sender, says }) => sender === 'alertmanager' && says === 'FIRING');
  await unlessLate(run, () =>
    run.timeline.until(
      {
        awaited: `${firing.length} messages of Alertmanager`,
        holds: (timeline) => {
          const told = timeline.of('chat', 'message');
          return firing.every(({ subject }) => told.some((record) => record.subject === subject));
        },
      },
      DEADLINE_S.told,
      run.signal,
    ),
  );
  await give(new Date());
}
