import { randomBytes } from 'node:crypto';
import type * as Testcontainers from 'testcontainers';
import { messageOf, UnfitError } from '#harness/core/errors.ts';
import { gitContainerName, OFFSITE_LABEL } from './places.ts';

/** What the server listens on, in its container. */
export const GIT_PORT = 8080;
const LOOPBACK = '127.0.0.1';
const START_MS = 30_000;
/** Between two looks whether it answers. */
const LOOK_MS = 200;
const PASSWORD_BYTES = 18;
const USERNAME = 'mettle';

/** A Git server that runs beside every cluster. */
export interface GitServer {
  readonly container: string;
  /** Its address for this machine. */
  readonly outside: string;
  readonly username: string;
  readonly password: string;
}

/** Loaded only when it is used: it takes longer to read than most commands to run. */
async function loadTestcontainers(): Promise<typeof Testcontainers> {
  // The warden removes what a dead run leaves, by its receipt; testcontainers' own reaper is an image of somebody else's.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  // The network publishes on loopback, while testcontainers would ask at the bridge when it is in a container itself.
  process.env['TESTCONTAINERS_HOST_OVERRIDE'] = LOOPBACK;
  return await import('testcontainers');
}

/**
 * Starts the Git server with credentials of its own, which stand in a file inside its container and in this process.
 * @param place its image, its network, and the folder for its repositories
 * @throws UnfitError when it does not start or does not answer
 */
export async function startGitServer(
  id: string,
  place: { readonly image: string; readonly network: string; readonly repositories: string },
): Promise<GitServer> {
  const { GenericContainer, PullPolicy, Wait } = await loadTestcontainers();
  const { image, network, repositories } = place;
  const container = gitContainerName(id);
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  try {
    const started = await new GenericContainer(image)
      .withPullPolicy(PullPolicy.neverPull())
      .withName(container)
      .withLabels({ [OFFSITE_LABEL]: id })
      .withNetworkMode(network)
      .withExposedPorts(GIT_PORT)
      .withBindMounts([{ source: repositories, target: '/srv/git', mode: 'rw' }])
      .withTmpFs({ '/tmp': 'rw,mode=1777,size=128m' })
      .withCopyContentToContainer([
        // In a container of one program alone, whose user this must be readable to.
        { content: `${USERNAME}:${password}\n`, target: '/etc/git-server-users/users', mode: 0o444 },
      ])
      .withDroppedCapabilities('ALL')
      .withSecurityOpt('no-new-privileges')
      // Whoever has no credentials is refused, which shows that it answers and that it asks for them.
      .withWaitStrategy(Wait.forHttp('/', GIT_PORT).forStatusCode(401).withReadTimeout(LOOK_MS))
      .withStartupTimeout(START_MS)
      .start();
    return {
      container,
      outside: `http://${LOOPBACK}:${started.getMappedPort(GIT_PORT)}`,
      username: USERNAME,
      password,
    };
  } catch (cause) {
    throw new UnfitError(`The Git server off-site did not start: ${messageOf(cause)}`, {
      cause,
      next: 'mettle doctor says whether this machine is fit.',
    });
  }
}
