import { readFile } from 'node:fs/promises';
import { type Cluster, KubeConfig, type User } from '@kubernetes/client-node';
import { messageOf, UsageError } from '#harness/core/errors.ts';

/** Address of an API server without a slash at its end, as kubeconfigs have it with and without. */
export function plainAddress(address: string): string {
  return address.replace(/\/+$/, '');
}

async function embedded(data: string | undefined, file: string | undefined): Promise<string | undefined> {
  if (data !== undefined || file === undefined) return data;
  return (await readFile(file)).toString('base64');
}

/**
 * The part of a kubeconfig file that leads to one API server, as a kubeconfig of its own: one cluster, one user, with the
 * certificates that the file refers to written into it, so that nothing outside can redirect it later. The context in
 * use wins where several lead there.
 * @throws UsageError when the file cannot be read, or none of its contexts leads to this server
 */
export async function ownKubeconfig(file: string, api_server: string): Promise<string> {
  const config = new KubeConfig();
  try {
    config.loadFromFile(file);
  } catch (cause) {
    throw new UsageError(`${file} cannot be read as a kubeconfig: ${messageOf(cause)}`, { cause });
  }
  const serverOf = (context: { readonly cluster: string }): string =>
    plainAddress(config.getCluster(context.cluster)?.server ?? '');
  const contexts = config.getContexts().filter((one) => serverOf(one) === plainAddress(api_server));
  const chosen = contexts.find(({ name }) => name === config.getCurrentContext()) ?? contexts[0];
  const cluster = chosen && config.getCluster(chosen.cluster);
  const user = chosen && config.getUser(chosen.user);
  if (!cluster || !user) {
    const there = [...new Set(config.getContexts().map(serverOf))].join(', ') || 'none';
    throw new UsageError(`no context of ${file} leads to ${api_server}`, {
      next: `Its contexts lead to: ${there}`,
    });
  }
  return JSON.stringify(await standalone(cluster, user, api_server), undefined, 2);
}

/** Absent members are left out when this becomes JSON. */
async function standalone(cluster: Cluster, user: User, api_server: string): Promise<object> {
  const name = 'mettle';
  const { caData, caFile, tlsServerName } = cluster;
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [
      {
        name,
        cluster: {
          server: plainAddress(api_server),
          'certificate-authority-data': await embedded(caData, caFile),
          'tls-server-name': tlsServerName,
        },
      },
    ],
    users: [
      {
        name,
        user: {
          'client-certificate-data': await embedded(user.certData, user.certFile),
          'client-key-data': await embedded(user.keyData, user.keyFile),
          token: user.token,
          username: user.username,
          password: user.password,
          exec: user.exec,
        },
      },
    ],
  };
}
