import { describe, expect, test } from 'vitest';
import { type KubeObject, textAt } from '#harness/core/kubernetes.ts';
import { credentialsManifest, readCredentials } from './credentials.ts';

const SPEC = {
  namespace: 'git',
  name: 'git',
  fixed: { username: 'mettle' },
  generated: ['password'],
} as const;

/** A cluster that holds this Secret, or none. */
function holding(secret?: KubeObject): Parameters<typeof readCredentials>[0] {
  return { get: () => Promise.resolve(secret) };
}

const decoded = (object: KubeObject, key: string): string =>
  Buffer.from(textAt(object, 'data', key) ?? '', 'base64').toString('utf8');

describe('credentials', () => {
  test('are made at random for each cluster', async () => {
    const [first, second] = await Promise.all([
      credentialsManifest(holding(), SPEC),
      credentialsManifest(holding(), SPEC),
    ]);
    expect(decoded(first.object, 'username')).toBe('mettle');
    expect(decoded(first.object, 'password')).toMatch(/^[\w-]{24}$/);
    expect(decoded(first.object, 'password')).not.toBe(decoded(second.object, 'password'));
  });

  test('stay as they are when a part is installed again', async () => {
    const { object } = await credentialsManifest(holding(), SPEC);
    const again = await credentialsManifest(holding(object), SPEC);
    expect(again.object).toEqual(object);
    await expect(readCredentials(holding(object), SPEC)).resolves.toEqual({
      username: 'mettle',
      password: decoded(object, 'password'),
    });
  });

  test('are absent where nothing was installed', async () => {
    await expect(readCredentials(holding(), SPEC)).resolves.toBeUndefined();
  });
});
