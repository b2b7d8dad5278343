import type { ExpectedMessage } from '#harness/core/expectation.ts';
import { SHOP } from '#harness/stack/shop.ts';

/** Namespaces of the two shops: one by Flux and Flagger, one by Argo Rollouts. */
export interface SenderPlaces {
  readonly flagger: string;
  readonly argo: string;
}

/** Name of the alert that is given to Alertmanager, by the receiver that it chooses. */
export const TRIAL_ALERTS = {
  chat: 'SendersByChat',
  slack: 'SendersBySlack',
  generic: 'SendersByHook',
} as const;

const FLUX_DIALECTS = ['slack-webhook', 'rocketchat-webhook', 'flux-event'] as const;

function flux(places: SenderPlaces): ExpectedMessage[] {
  return FLUX_DIALECTS.flatMap((dialect) => {
    const said = (event: string, kind: string, says: string): ExpectedMessage => ({
      event,
      sender: 'flux',
      dialect,
      subject: `${kind}/${places.flagger}/${SHOP}`,
      says,
    });
    return [
      said('the first commit was fetched', 'GitRepository', 'Ship release v1 of the shop'),
      said('the second commit was fetched', 'GitRepository', 'Ship release v2 of the shop'),
      said('the first commit was applied', 'Kustomization', 'shop-release-v1 created'),
      said('the second commit was applied', 'Kustomization', 'shop-release-v2 created'),
    ];
  });
}

function flagger(places: SenderPlaces): ExpectedMessage[] {
  const said = (event: string, says: string): ExpectedMessage => ({
    event,
    sender: 'flagger',
    dialect: 'slack-webhook',
    subject: `Canary/${places.flagger}/${SHOP}`,
    says,
  });
  return [
    said('the Canary was initialised', 'initialization completed'),
    said('the new release was seen', 'New revision detected'),
    said('the new release was rolled back', 'Failed checks threshold reached'),
  ];
}

function argo({ argo: namespace }: SenderPlaces): ExpectedMessage[] {
  const said = (event: string, dialect: string, says: string): ExpectedMessage => ({
    event,
    sender: 'argo-rollouts',
    dialect,
    subject: `Rollout/${namespace}/${SHOP}`,
    says,
  });
  return [
    said('the first release began', 'slack-api', 'release v1 began'),
    said('the first release was complete', 'slack-api', 'release v1 completed'),
    said('the second release began', 'slack-api', 'release v2 began'),
    said('the second release was aborted', 'slack-api', 'release v2 aborted'),
    said('the Rollout was degraded', 'slack-webhook', 'is degraded: RolloutAborted'),
  ];
}

function alertmanager(): ExpectedMessage[] {
  const dialects = { chat: 'alertmanager-webhook', slack: 'slack-webhook', generic: 'alertmanager-webhook' };
  return (['chat', 'slack', 'generic'] as const).flatMap((receiver) =>
    ['FIRING', 'RESOLVED'].map((says) => ({
      event: says === 'FIRING' ? 'the alert fired' : 'the alert ended',
      sender: 'alertmanager',
      dialect: dialects[receiver],
      subject: `Alert/${TRIAL_ALERTS[receiver]}`,
      says,
    })),
  );
}

/** Every message that the senders owe the chat, in the order of what happened to each. */
export function owedMessages(places: SenderPlaces): readonly ExpectedMessage[] {
  return [...flux(places), ...flagger(places), ...argo(places), ...alertmanager()];
}

/** What a sender does with a message that the chat refuses, by status. */
export interface RefusalContract {
  readonly sender: string;
  readonly dialect: string;
  readonly says: string;
  readonly path: string;
  readonly outcome: Readonly<Record<number, 'told' | 'lost'>>;
}

/** Measured with the locked versions; the message is the first that the sender posts to that path after the chat was told. */
export const REFUSAL_CONTRACTS: readonly RefusalContract[] = [
  {
    sender: 'flagger',
    dialect: 'slack-webhook',
    says: 'initialization completed',
    path: '/hooks/rollouts',
    // pkg/notifier/client.go, postMessage: one request, whatever its answer; the error is logged.
    outcome: { 429: 'lost', 500: 'lost' },
  },
  {
    sender: 'flux',
    dialect: 'flux-event',
    says: 'Ship release v1 of the shop',
    path: '/webhook/flux',
    // notification-controller, internal/notifier/client.go: retryablehttp.
    outcome: { 429: 'told', 500: 'told' },
  },
  {
    sender: 'argo-rollouts',
    dialect: 'slack-api',
    says: 'release v2 began',
    path: '/api/chat.postMessage',
    // notifications-engine, pkg/util/slack/client.go: waits for Retry-After; any other error is logged.
    outcome: { 429: 'told', 500: 'lost' },
  },
  {
    sender: 'argo-rollouts',
    dialect: 'slack-webhook',
    says: 'is degraded: RolloutAborted',
    path: '/hooks/releases',
    // notifications-engine, pkg/services/webhook.go: retryablehttp.
    outcome: { 429: 'told', 500: 'told' },
  },
  {
    sender: 'alertmanager',
    dialect: 'alertmanager-webhook',
    says: 'FIRING',
    path: '/alertmanager',
    // notify/notify.go: server errors are tried again at once, and what failed otherwise with the group's next flush.
    outcome: { 429: 'told', 500: 'told' },
  },
  {
    sender: 'alertmanager',
    dialect: 'slack-webhook',
    says: 'FIRING',
    path: '/hooks/alerts',
    outcome: { 429: 'told', 500: 'told' },
  },
];
