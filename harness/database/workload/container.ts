/** Starts a release that is an image, and waits until it answers. */
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, UnfitError } from '#harness/core/errors.ts';
import { tryRun } from '#harness/process/run.ts';
import {
  guardContainer,
  loadTestcontainers,
  makeNetwork,
  ownerLabels,
  sweepContainers,
} from '../server/own-containers.ts';
import type { Address } from '../server/types.ts';
import { startRelay } from './relay.ts';
import { databaseEnv, endedEarly, LastLines, type ServingRelease, untilServes } from './serving.ts';
import type { ContainerRelease } from './types.ts';

/** Longest wait for the rest of what a container wrote that has ended. */
const LOG_ENDS_MS = 5_000;
const NEXT = 'Start it by hand (docker run), with DATABASE_URL and PORT set.';

/** Starts the container and gives its address in its network. */
async function startIn(
  name: string,
  { image, port, env = {} }: ContainerRelease,
  database: Address,
  onLine: { readonly line: (line: string) => void; readonly over: () => void },
): Promise<string> {
  const { GenericContainer, PullPolicy, Wait } = await loadTestcontainers();
  try {
    const container = await new GenericContainer(image)
      .withPullPolicy(PullPolicy.neverPull())
      .withName(name)
      .withLabels({ ...(await ownerLabels()) })
      .withNetworkMode(name)
      .withEnvironment({ ...env, ...databaseEnv(database), PORT: String(port) })
      .withLogConsumer((stream) => {
        createInterface({ input: stream }).on('line', onLine.line).on('close', onLine.over);
      })
      // No port is published, so this waits for none; whether it serves is asked from here.
      .withWaitStrategy(Wait.forListeningPorts())
      .start();
    return container.getIpAddress(name);
  } catch (cause) {
    throw new UnfitError(`the release ${image} does not start: ${messageOf(cause)}`, { cause, next: NEXT });
  }
}

async function exitOf(name: string): Promise<string> {
  const { stdout } = await tryRun(['docker', 'inspect', '--format', '{{.State.ExitCode}}', name]);
  return `exited with ${stdout.trim() || 'an unknown code'}`;
}

/**
 * Starts a container of an image that is on this machine, with `DATABASE_URL` (and `PGHOST` and the like) and `PORT` in its
 * environment, in a network of its own that leads nowhere but to the database. Nothing of it is published: it is asked by
 * its address in that network.
 * @throws UnfitError without Docker or the image, when it ends, or does not answer within 60 s, with the last lines that it wrote
 */
export async function startContainerRelease(
  release: ContainerRelease,
  address: Address,
  signal?: AbortSignal,
): Promise<ServingRelease> {
  const { image, port, said } = release;
  await sweepContainers();
  const name = `mettle-release-${randomBytes(6).toString('hex')}`;
  await using stack = new AsyncDisposableStack();
  stack.use(guardContainer(name));
  const network = await makeNetwork(name);
  const relay = stack.use(await startRelay(address, network));
  const lines = new LastLines(address, said);
  const ended = Promise.withResolvers<string>();
  let end: string | undefined;
  const noteEnd = (words: string): void => {
    end = words;
  };
  void ended.promise.then(noteEnd);
  const database = { ...address, host: network.gateway, port: relay.port };
  const host = await startIn(name, release, database, {
    line: (line) => lines.take(line),
    // Its log ends with the container.
    over: () => void exitOf(name).then(ended.resolve),
  });
  const started = { name: image, where: `port ${port}`, lines, next: NEXT };
  // A container that has ended already has no address.
  if (host === '') {
    const unread = delay(LOG_ENDS_MS).then(() => exitOf(name));
    throw endedEarly(started, await Promise.race([ended.promise, unread]));
  }
  const origin = `http://${host}:${port}`;
  await untilServes({ ...started, origin, end: () => end, signal });
  const kept = stack.move();
  return { origin, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
