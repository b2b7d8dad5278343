/** The watch: what notices the loss of a cluster, because it does not live in it. */
import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineError, messageOf, UnfitError } from '#harness/core/errors.ts';
import { listAt } from '#harness/core/kubernetes.ts';
import type { Progress } from '#harness/core/progress.ts';
import { startContainer, type StartedContainer } from './container.ts';
import type { HostImages } from './host-image.ts';
import { joinNetwork } from './network.ts';
import { type WatchPart, watchContainerName } from './places.ts';
import {
  alertmanagerConfig,
  prometheusConfig,
  reachedQuery,
  type WatchedApp,
  watchRules,
} from './watch-config.ts';

/** An application to watch, and the network that its gateway is in. */
export interface WatchTarget extends WatchedApp {
  readonly network: string;
}

/** Prometheus, Alertmanager and a chat that run beside every cluster. */
export interface Watch {
  /** Ports on 127.0.0.1. */
  readonly ports: Readonly<Record<WatchPart, number>>;
  /**
   * Watches an application from now on, in place of what was watched before, and returns once it was seen to answer. It is watched
   * on when it goes, and when it comes back.
   * @throws UnfitError when the watch cannot be told, DeadlineError when the application does not answer it
   */
  over(target: WatchTarget): Promise<void>;
}

const PORTS: Readonly<Record<WatchPart, number>> = { prometheus: 9090, alertmanager: 9093, chat: 8080 };

const CONFIG = '/etc/prometheus/prometheus.yml';
const TIMEOUT_MS = 5_000;
/** Prometheus hands changed targets on every 5 s (discovery/manager.go, updatert); then it looks. */
const SEEN_S = 20;
const PAUSE_MS = 200;

/** @throws UnfitError when one of the three images cannot be had */
export async function watchImages(images: HostImages): Promise<Readonly<Record<WatchPart, string>>> {
  return {
    prometheus: await images('prometheus'),
    alertmanager: await images('alertmanager'),
    chat: await images('chat'),
  };
}

/**
 * Starts the three programs in the network of what is off-site. They watch nothing until they are told what.
 * @throws UnfitError when one does not start or does not answer
 */
export async function startWatch(
  id: string,
  place: {
    readonly images: Readonly<Record<WatchPart, string>>;
    readonly network: string;
    readonly progress: Progress;
    readonly signal: AbortSignal;
  },
): Promise<Watch> {
  const { images, network, progress, signal } = place;
  const common = (part: WatchPart) => ({
    image: images[part],
    name: watchContainerName(id, part),
    id,
    network,
    port: PORTS[part],
  });
  const address = (part: WatchPart): string => `${watchContainerName(id, part)}:${PORTS[part]}`;
  progress('a watch off-site');
  const starting = {
    chat: startContainer({
      ...common('chat'),
      what: 'The chat',
      files: {},
      ready: { path: '/healthz', status: 200 },
    }),
    alertmanager: startContainer({
      ...common('alertmanager'),
      what: 'Alertmanager',
      command: [
        '--config.file=/etc/alertmanager/alertmanager.yml',
        '--storage.path=/alertmanager',
        // One instance: no gossip, so that it is ready at once.
        '--cluster.listen-address=',
      ],
      files: { '/etc/alertmanager/alertmanager.yml': alertmanagerConfig(address('chat')) },
      scratch: { '/alertmanager': 16 },
      ready: { path: '/-/ready', status: 200 },
    }),
    prometheus: startContainer({
      ...common('prometheus'),
      what: 'Prometheus',
      command: [
        `--config.file=${CONFIG}`,
        '--storage.tsdb.path=/prometheus',
        '--storage.tsdb.retention.time=6h',
        '--web.enable-lifecycle',
      ],
      files: {
        [CONFIG]: prometheusConfig(address('alertmanager')),
        '/etc/prometheus/rules.yml': watchRules(),
      },
      scratch: { '/prometheus': 128 },
      ready: { path: '/-/ready', status: 200 },
    }),
  };
  // When one fails the others are still being made: who removes them must not come before them.
  await Promise.allSettled(Object.values(starting));
  const [chat, alertmanager, prometheus] = await Promise.all([
    starting.chat,
    starting.alertmanager,
    starting.prometheus,
  ]);
  signal.throwIfAborted();
  progress('the watch off-site stands');
  return {
    ports: { prometheus: prometheus.port, alertmanager: alertmanager.port, chat: chat.port },
    over: async ({ network: joined, ...app }) => {
      await joinNetwork(prometheus.name, joined);
      await prometheus.write({ [CONFIG]: prometheusConfig(address('alertmanager'), app) });
      await reload(prometheus);
      await untilReached(prometheus, app, signal);
    },
  };
}

async function reload({ outside }: StartedContainer): Promise<void> {
  const asked = { method: 'POST', signal: AbortSignal.timeout(TIMEOUT_MS) };
  const response = await fetch(`${outside}/-/reload`, asked).catch((cause: unknown) => {
    throw new UnfitError('Prometheus off-site does not answer', { cause });
  });
  const text = await response.text();
  if (!response.ok) throw new UnfitError(`Prometheus off-site refuses what it is to watch: ${text.trim()}`);
}

/** What Prometheus saw of the application at its last look; undefined before the first one. */
async function lastSeen(
  { outside }: StartedContainer,
  app: WatchedApp,
  signal: AbortSignal,
): Promise<unknown> {
  const url = `${outside}/api/v1/query?query=${encodeURIComponent(reachedQuery(app))}`;
  const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
  const [found] = listAt(await response.json(), 'data', 'result');
  return listAt(found, 'value')[1];
}

async function untilReached(
  prometheus: StartedContainer,
  app: WatchedApp,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + SEEN_S * 1000;
  let seen = 'nothing';
  while (performance.now() < deadline) {
    signal.throwIfAborted();
    try {
      const value = await lastSeen(prometheus, app, signal);
      if (value === '1') return;
      if (value !== undefined) seen = 'no good answer';
    } catch (error) {
      seen = messageOf(error);
    }
    await delay(PAUSE_MS, undefined, { signal });
  }
  throw new DeadlineError(
    `the watch off-site to be answered by ${app.host} through ${app.gateway}`,
    SEEN_S,
    seen,
  );
}
