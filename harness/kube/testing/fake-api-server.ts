import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import type { KubeTarget } from '../api.ts';

/** A ConfigMap as the fake server holds it. */
export function configMap(name: string, version: number): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'here', uid: `uid-${name}`, resourceVersion: String(version) },
  };
}

/** What one watch of the script does, in order: sends an event, or ends. */
export type WatchStep =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: KubeObject }
  | { readonly type: 'ERROR'; readonly code: number; readonly message: string }
  | 'close'
  | 'break'
  | 'stay';

export interface Script {
  /** Answers to the lists, in order; the last one is repeated. */
  readonly lists: readonly { readonly version: number; readonly objects: readonly KubeObject[] }[];
  /** What the watches do, in order; after the last one watches stay open and silent. */
  readonly watches: readonly (readonly WatchStep[])[];
  /** Answer to any other request. */
  readonly other?: { readonly status: number; readonly body: object };
}

/** An HTTP server that speaks as much of Kubernetes as a watch needs, and follows a script. */
export interface FakeApiServer extends AsyncDisposable {
  readonly target: KubeTarget;
  /** Paths with query of all requests but discovery. */
  readonly requests: string[];
}

const DISCOVERY = {
  kind: 'APIResourceList',
  groupVersion: 'v1',
  resources: [{ name: 'configmaps', kind: 'ConfigMap', namespaced: true, verbs: ['list', 'watch'] }],
};

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function play(steps: readonly WatchStep[], response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  for (const step of steps) {
    if (step === 'stay') return;
    if (step === 'close') {
      response.end();
      return;
    }
    if (step === 'break') {
      // Give what was sent before time to leave, then cut the connection.
      setTimeout(() => response.destroy(), 20);
      return;
    }
    const object =
      step.type === 'ERROR' ? { kind: 'Status', code: step.code, message: step.message } : step.object;
    response.write(`${JSON.stringify({ type: step.type, object })}\n`);
  }
  response.end();
}

/** Starts a fake API server. */
export async function fakeApiServer(script: Script): Promise<FakeApiServer> {
  const requests: string[] = [];
  let lists = 0;
  let watches = 0;
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', 'http://fake');
    if (url.pathname === '/api/v1') return json(response, 200, DISCOVERY);
    requests.push(`${request.method} ${url.pathname}${url.search}`);
    if (url.pathname !== '/api/v1/namespaces/here/configmaps') {
      return json(
        response,
        script.other?.status ?? 404,
        script.other?.body ?? { message: 'not in the script' },
      );
    }
    if (url.searchParams.get('watch') === 'true') {
      const steps = script.watches[watches] ?? ['stay'];
      watches += 1;
      return play(steps, response);
    }
    const list = script.lists[Math.min(lists, script.lists.length - 1)];
    lists += 1;
    const metadata = { resourceVersion: String(list?.version ?? 0) };
    return json(response, 200, { kind: 'ConfigMapList', metadata, items: list?.objects ?? [] });
  };
  const server = createServer(handle);
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', () => listening.resolve());
  await listening.promise;
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const api_server = `http://127.0.0.1:${port}`;
  const dir = await mkdtemp(join(tmpdir(), 'mettle-kube-'));
  const kubeconfig = join(dir, 'kubeconfig');
  await writeFile(
    kubeconfig,
    `apiVersion: v1
kind: Config
clusters: [{ name: fake, cluster: { server: '${api_server}', insecure-skip-tls-verify: true } }]
contexts: [{ name: fake, context: { cluster: fake, user: fake } }]
current-context: fake
users: [{ name: fake, user: {} }]
`,
  );
  return {
    requests,
    target: { name: 'fake', api_server, kubeconfig, guarded: true },
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
      await rm(dir, { recursive: true });
    },
  };
}
