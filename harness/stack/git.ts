import type { Cluster } from '#harness/cluster/types.ts';
import { UnfitError } from '#harness/core/errors.ts';
import type { GitRemote } from '#harness/git/checkout.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { component } from './component.ts';
import { readCredentials } from './credentials.ts';

const NAMESPACE = 'git';
const SECRET = { namespace: NAMESPACE, name: 'git-credentials' } as const;
const TIMEOUT_MS = 10_000;

/** A Git server: what a release is shipped by when it is shipped by commit. */
export const git = component({
  name: 'git',
  namespace: NAMESPACE,
  credentials: { name: SECRET.name, fixed: { username: 'mettle' }, generated: ['password'] },
  access: [
    {
      service: 'git',
      note: 'user mettle; /git/<name>.git is made by the first push to it',
      secret: { ...SECRET, key: 'password' },
    },
  ],
});

/** Address of a repository as pods of the cluster know it. */
export function repositoryUrlInside(name: string): string {
  return `http://git.${NAMESPACE}/git/${name}.git`;
}

/**
 * Where a repository is for this machine, with the credentials that the cluster keeps.
 * @throws UnfitError when the cluster has no Git server
 */
export async function gitRemote(
  kube: KubeClient,
  cluster: Pick<Cluster, 'name' | 'ports'>,
  name: string,
): Promise<GitRemote> {
  const { username, password } = (await readCredentials(kube, SECRET)) ?? {};
  if (username === undefined || password === undefined) {
    throw new UnfitError(`cluster ${cluster.name} has no Git server`, {
      next: 'Name the component git among what the scenario needs.',
    });
  }
  return { url: `http://127.0.0.1:${cluster.ports.git}/git/${name}.git`, username, password };
}

/**
 * Removes a repository from the server; one that is not there is no error.
 * @throws UnfitError when the server refuses or does not answer
 */
export async function removeRepository({ url, username, password }: GitRemote): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { method: 'DELETE', headers: { authorization }, signal }).catch(
    (error: unknown) => {
      throw new UnfitError(`the Git server at ${url} does not answer`, { cause: error });
    },
  );
  if (!response.ok && response.status !== 404) {
    throw new UnfitError(
      `the Git server would not remove ${url}: ${response.status} ${await response.text()}`,
    );
  }
}
