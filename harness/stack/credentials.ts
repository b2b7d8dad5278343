import { randomBytes } from 'node:crypto';
import { textAt } from '#harness/core/kubernetes.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import type { Manifest } from '#harness/kube/manifests.ts';

/** Credentials of a component, made once for each cluster and kept in a Secret there and nowhere else. */
export interface CredentialsSpec {
  readonly namespace: string;
  /** Name of the Secret. */
  readonly name: string;
  /** What is no secret, for example the user's name. */
  readonly fixed?: Readonly<Record<string, string>>;
  /** Keys whose values are made at random. */
  readonly generated: readonly string[];
}

const RANDOM_BYTES = 18;

function encoded(values: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return Object.fromEntries(entries);
}

/** The values of a Secret, decoded; undefined when there is none. */
export async function readCredentials(
  kube: Pick<KubeClient, 'get'>,
  { namespace, name }: Pick<CredentialsSpec, 'namespace' | 'name'>,
): Promise<Readonly<Record<string, string>> | undefined> {
  const secret = await kube.get({ api_version: 'v1', kind: 'Secret', namespace, name });
  if (secret === undefined) return undefined;
  const keys = Object.keys(Object(secret['data']));
  return Object.fromEntries(
    keys.map((key) => [key, Buffer.from(textAt(secret, 'data', key) ?? '', 'base64').toString('utf8')]),
  );
}

/** The Secret of a component: as it is where there is one already, so that a second installation changes no password. */
export async function credentialsManifest(
  kube: Pick<KubeClient, 'get'>,
  spec: CredentialsSpec,
): Promise<Manifest> {
  const { namespace, name, fixed = {}, generated } = spec;
  const known = (await readCredentials(kube, spec)) ?? {};
  const made = generated.map((key) => [key, known[key] ?? randomBytes(RANDOM_BYTES).toString('base64url')]);
  return {
    object: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace },
      type: 'Opaque',
      data: encoded({ ...fixed, ...Object.fromEntries(made) }),
    },
    position: { file: 'harness/stack/credentials.ts', line: 1, column: 1 },
  };
}
