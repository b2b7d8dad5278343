import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ownKubeconfig } from './kubeconfig.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mettle-kubeconfig-'));
  await writeFile(join(dir, 'ca.pem'), 'the authority');
  await writeFile(
    join(dir, 'config'),
    `apiVersion: v1
kind: Config
clusters:
  - { name: one, cluster: { server: 'https://127.0.0.1:1111/', certificate-authority: ca.pem } }
  - { name: two, cluster: { server: 'https://127.0.0.1:2222', insecure-skip-tls-verify: true } }
contexts:
  - { name: other, context: { cluster: two, user: bob } }
  - { name: ours, context: { cluster: one, user: bob } }
  - { name: ours-too, context: { cluster: one, user: eve } }
current-context: ours-too
users:
  - { name: bob, user: { token: bobs } }
  - { name: eve, user: { token: eves } }
`,
  );
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

describe('ownKubeconfig', () => {
  test('holds one cluster and one user, with certificates inside', async () => {
    const own: unknown = JSON.parse(await ownKubeconfig(join(dir, 'config'), 'https://127.0.0.1:1111'));
    expect(own).toMatchObject({
      clusters: [
        {
          cluster: {
            server: 'https://127.0.0.1:1111',
            'certificate-authority-data': Buffer.from('the authority').toString('base64'),
          },
        },
      ],
      users: [{ user: { token: 'eves' } }],
    });
    expect(JSON.stringify(own)).not.toContain('2222');
    expect(JSON.stringify(own)).not.toContain('bobs');
  });

  test('does not take over that certificates are not verified', async () => {
    const own = await ownKubeconfig(join(dir, 'config'), 'https://127.0.0.1:2222');
    expect(own).not.toContain('insecure');
  });

  test('names the servers that there are when the wanted one is not among them', async () => {
    await expect(ownKubeconfig(join(dir, 'config'), 'https://127.0.0.1:3333')).rejects.toMatchObject({
      message: expect.stringContaining('leads to https://127.0.0.1:3333'),
      next: expect.stringContaining('https://127.0.0.1:2222, https://127.0.0.1:1111'),
      exit_code: 64,
    });
  });

  test('says so when there is no such file', async () => {
    await expect(ownKubeconfig(join(dir, 'absent'), 'https://127.0.0.1:1')).rejects.toThrow('cannot be read');
  });
});
