import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kubeClient } from './client.ts';

const version = (group: string, name: string) => ({ groupVersion: `${group}/${name}`, version: name });
const resource = (kind: string, verbs = ['list']) => ({
  name: `${kind.toLowerCase()}s`,
  kind,
  namespaced: true,
  verbs,
});

/** What an API server says of its kinds: a group that prefers a version in which one of its kinds is not served. */
const ANSWERS: Readonly<Record<string, object>> = {
  '/apis': {
    groups: [
      {
        name: 'notification',
        versions: [
          version('notification', 'v1'),
          version('notification', 'v1beta3'),
          version('notification', 'v1beta2'),
        ],
        preferredVersion: version('notification', 'v1'),
      },
    ],
  },
  '/api/v1': { resources: [resource('Secret'), resource('Binding', ['create'])] },
  '/apis/notification/v1': { resources: [resource('Receiver')] },
  '/apis/notification/v1beta3': { resources: [resource('Alert'), resource('Receiver')] },
  '/apis/notification/v1beta2': { resources: [resource('Alert')] },
};

test('a kind that its group does not serve in the version it prefers is listed too, once', async () => {
  const server = createServer((request, response) => {
    const answer = ANSWERS[request.url ?? ''];
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? {}));
  });
  const folder = await mkdtemp(join(tmpdir(), 'mettle-kinds-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true }));
  stack.defer(() => new Promise<void>((resolve) => server.close(() => resolve())));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const api_server = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const kubeconfig = join(folder, 'kubeconfig');
  const config = {
    clusters: [{ name: 'fake', cluster: { server: api_server, 'insecure-skip-tls-verify': true } }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
    'current-context': 'fake',
    users: [{ name: 'fake', user: {} }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const kube = stack.use(kubeClient({ name: 'fake', api_server, kubeconfig, guarded: true }));
  const kinds = await kube.kinds();
  expect(kinds.map(({ api_version, kind }) => `${api_version} ${kind}`)).toEqual([
    'v1 Secret',
    'notification/v1 Receiver',
    'notification/v1beta3 Alert',
  ]);
});
