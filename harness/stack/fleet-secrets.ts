import { UnfitError } from '#harness/core/errors.ts';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import type { GitRemote } from '#harness/git/checkout.ts';
import type { Manifest } from '#harness/kube/manifests.ts';
import type { SealedSecret } from '#harness/offsite/sealed.ts';
import type { StackContext } from './component.ts';
import { componentManifests, type Fleet } from './fleet.ts';
import { FLUX_NAMESPACE } from './flux.ts';
import { DATABASE_PASSWORD, databaseSecret } from './postgres.ts';
import { made } from './shop-manifests.ts';
import { DATABASE_PROXY } from './toxiproxy.ts';

/** The Secret by which Flux reads the repository. */
const GIT_ACCESS = { namespace: FLUX_NAMESPACE, name: 'git-access' } as const;

export interface SealedOptions extends Pick<Fleet, 'components' | 'shop'> {
  /** Who may read the repository. */
  readonly credentials: Pick<GitRemote, 'username' | 'password'>;
}

/** A Secret as a vault keeps it: plain values, whether they stood encoded or not. */
function sealed({ metadata, ...secret }: KubeObject): SealedSecret {
  const { name, namespace } = metadata;
  if (namespace === undefined) throw new UnfitError(`the Secret ${name} names no namespace`);
  const encoded = Object.entries(Object(secret['data'])).map(
    ([key, value]) => [key, Buffer.from(String(value), 'base64').toString('utf8')] as const,
  );
  const plain = Object.entries(Object(secret['stringData'])).map(
    ([key, value]) => [key, String(value)] as const,
  );
  return { namespace, name, values: Object.fromEntries([...encoded, ...plain]) };
}

/** The Secret that a sealed one stands for. */
export function unsealed({ namespace, name, values }: SealedSecret): Manifest {
  const entries = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return made({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    type: 'Opaque',
    data: Object.fromEntries(entries),
  });
}

/** The password of the shop's database among the Secrets of its components. */
function passwordIn(secrets: readonly SealedSecret[]): string {
  const { namespace, name, key } = DATABASE_PASSWORD;
  const password = secrets.find((one) => one.namespace === namespace && one.name === name)?.values[key];
  if (password !== undefined) return password;
  throw new UnfitError('the shop wants a database, and no component has a password for it', {
    next: 'Add the component postgres.',
  });
}

/**
 * The Secrets of a fleet, which are in no repository: the components', the credentials of the repository and where the
 * shop's database is. They are as the cluster has them or made anew: whoever asks keeps them outside the cluster, and
 * gives the same to `bootstrapFleet` at a rebuild.
 * @throws UnfitError when the shop wants a database and no component brings one
 */
export async function sealedSecrets(
  ctx: StackContext,
  { components, shop, credentials }: SealedOptions,
): Promise<readonly SealedSecret[]> {
  const read = await Promise.all(components.map((one) => componentManifests(ctx, one)));
  const secrets = read.flat().filter(({ object }) => object.kind === 'Secret');
  const theirs = secrets.map(({ object }) => sealed(object));
  const { username, password } = credentials;
  const access: SealedSecret = { ...GIT_ACCESS, values: { username, password } };
  const { namespace, database = false, database_proxy = false } = shop;
  if (!database) return [...theirs, access];
  const host = database_proxy ? `${DATABASE_PROXY.service}.${namespace}` : undefined;
  return [...theirs, access, sealed(databaseSecret(namespace, passwordIn(theirs), host).object)];
}
