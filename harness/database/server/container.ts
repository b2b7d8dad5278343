import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import getPort from 'get-port';
import { messageOf, UnfitError } from '#harness/core/errors.ts';
import { run, tryRun } from '#harness/process/run.ts';
import type { StartOptions } from './embedded.ts';
import { chooseImage, presentImages } from './images.ts';
import {
  guardContainer,
  loadTestcontainers,
  LOOPBACK,
  ownerLabels,
  sweepContainers,
} from './own-containers.ts';
import { SETTINGS, SUPERUSER } from './prepared.ts';
import { refuseOther } from './refusals.ts';
import { RunningServer } from './running.ts';
import type { ScratchServer } from './types.ts';

const PORT = 5432;
const START_MS = 120_000;
const PASSWORD_BYTES = 18;
const READY = /database system is ready to accept connections/;
const INSIDE = '/mettle';
const SERVE = fileURLToPath(new URL('serve-container.sh', import.meta.url));

/**
 * Starts a server in a container of an image that is on this machine; none is pulled.
 * @throws UnfitError without Docker or an image for the version, or when the server does not start
 */
export async function startContainer(
  options: StartOptions & { readonly image?: string | undefined },
): Promise<ScratchServer> {
  const { signal, progress, version } = options;
  const image = options.image ?? chooseImage(await presentImages(), version);
  await sweepContainers();
  signal.throwIfAborted();
  progress?.(`starting ${image}`);
  const name = `mettle-postgres-${randomBytes(6).toString('hex')}`;
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  await using stack = new AsyncDisposableStack();
  stack.use(guardContainer(name));
  const started = await start({ image, name, password });
  const { port, restart } = started;
  const server = await RunningServer.over({
    engine: 'testcontainers',
    address: { host: LOOPBACK, port, user: SUPERUSER, password, database: 'postgres' },
    crash: async () => {
      await run(['docker', 'kill', name]);
    },
    recover: restart,
    running: stack.move(),
  });
  await refuseOther(server, version, {
    where: `the image ${image}`,
    next: `Bring an image of that version: docker pull postgres:${version}`,
  });
  return server;
}

interface Wanted {
  readonly image: string;
  readonly name: string;
  readonly password: string;
}

interface Started {
  readonly port: number;
  /** Starts it again and waits until it serves. */
  readonly restart: () => Promise<void>;
}

async function start({ image, name, password }: Wanted): Promise<Started> {
  const { GenericContainer, PullPolicy, Wait } = await loadTestcontainers();
  // Chosen here, because Docker would choose another one after a crash.
  const port = await getPort({ host: LOOPBACK });
  class OnLoopback extends GenericContainer {
    /** What is published otherwise is published to everybody. */
    protected override beforeContainerCreated = async (): Promise<void> => {
      this.hostConfig.PortBindings = { [`${PORT}/tcp`]: [{ HostIp: LOOPBACK, HostPort: String(port) }] };
    };
  }
  try {
    const container = await new OnLoopback(image)
      .withPullPolicy(PullPolicy.neverPull())
      .withName(name)
      .withLabels({ ...(await ownerLabels()) })
      .withUser(await userOf(image))
      .withEntrypoint(['/bin/sh', `${INSIDE}/serve.sh`])
      .withCommand([])
      .withExposedPorts({ container: PORT, host: port })
      .withCopyContentToContainer([
        { content: await readFile(SERVE, 'utf8'), target: `${INSIDE}/serve.sh`, mode: 0o555 },
        { content: SETTINGS, target: `${INSIDE}/settings`, mode: 0o444 },
        // In a container of one program alone, whose user this must be readable to.
        { content: password, target: `${INSIDE}/password`, mode: 0o444 },
      ])
      .withWaitStrategy(Wait.forLogMessage(READY))
      .withStartupTimeout(START_MS)
      .start();
    return {
      port,
      restart: async () => {
        await container.restart({ timeout: 0 });
      },
    };
  } catch (cause) {
    throw new UnfitError(`PostgreSQL did not start in a container of ${image}: ${messageOf(cause)}`, {
      cause,
      next: 'Does the image hold PostgreSQL with initdb? mettle doctor says whether Docker is fit.',
    });
  }
}

/** PostgreSQL refuses to be root, as whom official images begin. */
async function userOf(image: string): Promise<string> {
  const inspected = await tryRun(['docker', 'image', 'inspect', '--format', '{{.Config.User}}', image]);
  if (inspected.exit_code !== 0) {
    throw new UnfitError(`there is no image ${image} on this machine`, {
      next: `Bring it: docker pull ${image}`,
    });
  }
  const user = inspected.stdout.trim();
  return /^(?:|root|0)(?::|$)/.test(user) ? 'postgres' : user;
}
