import { randomBytes } from 'node:crypto';
import { startContainer } from './container.ts';
import { gitContainerName } from './places.ts';

/** What the server listens on, in its container. */
export const GIT_PORT = 8080;
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

/**
 * Starts the Git server with credentials of its own, which stand in a file inside its container and in this process.
 * @param place its image, its network, and the folder for its repositories
 * @throws UnfitError when it does not start or does not answer
 */
export async function startGitServer(
  id: string,
  place: { readonly image: string; readonly network: string; readonly repositories: string },
): Promise<GitServer> {
  const { image, network, repositories } = place;
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  const { name, outside } = await startContainer({
    what: 'The Git server',
    image,
    name: gitContainerName(id),
    id,
    network,
    port: GIT_PORT,
    files: { '/etc/git-server-users/users': `${USERNAME}:${password}\n` },
    folders: { '/srv/git': repositories },
    scratch: { '/tmp': 128 },
    // Whoever has no credentials is refused, which shows that it answers and that it asks for them.
    ready: { path: '/', status: 401 },
  });
  return { container: name, outside, username: USERNAME, password };
}
