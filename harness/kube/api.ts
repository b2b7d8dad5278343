import {
  ApiException,
  HttpMethod,
  KubeConfig,
  KubernetesObjectApi,
  type RequestContext,
  type V1APIResource,
} from '@kubernetes/client-node';
import { messageOf, RefusedError, UnfitError } from '#harness/core/errors.ts';
import { isKubeObject, type KubeObject, numberAt, textAt } from '#harness/core/kubernetes.ts';

/**
 * Where to find a cluster. `RunningCluster` fits; the mark `guarded` keeps anything that was not proven to be
 * Mettle's own from being acted on.
 */
export interface KubeTarget {
  readonly name: string;
  /** The API server's address; the kubeconfig must name the same. */
  readonly api_server: string;
  /** Path of a kubeconfig of this cluster alone. */
  readonly kubeconfig: string;
  readonly guarded: true;
}

/** What the API server said no to: its status code, reason and message. */
export class ApiError extends UnfitError {
  readonly status: number;
  readonly reason: string;

  constructor(what: string, status: number, reason: string, message: string) {
    super(`${what}: ${message} (${status}${reason ? ` ${reason}` : ''})`);
    this.status = status;
    this.reason = reason;
  }
}

/** Upper bound of one request that is not a watch. */
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * The client's own class makes a TLS agent for every request and never closes it. This one makes one agent,
 * so that a run's thousands of requests share a few connections.
 */
class PinnedKubeConfig extends KubeConfig {
  #dispatcher: ReturnType<RequestContext['getDispatcher']>;

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(context);
    this.#dispatcher ??= context.getDispatcher();
    if (this.#dispatcher) context.setDispatcher(this.#dispatcher);
  }

  async close(): Promise<void> {
    await this.#dispatcher?.destroy();
  }
}

/** Opens what the client keeps to itself: discovery, and requests without its typed (lossy) serialisation. */
class RawApi extends KubernetesObjectApi {
  async describe(api_version: string, kind: string): Promise<V1APIResource | undefined> {
    return await this.resource(api_version, kind);
  }

  async send(
    method: HttpMethod,
    path: string,
    prepare: (context: RequestContext) => void,
  ): Promise<[number, string]> {
    const context = this.configuration.baseServer.makeRequestContext(path, method);
    await this.configuration.authMethods.default?.applySecurityAuthentication(context);
    prepare(context);
    const response = await this.configuration.httpApi.send(context).toPromise();
    return [response.httpStatusCode, await response.body.text()];
  }
}

export interface Request {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly content_type?: string;
  readonly timeout_ms?: number;
}

/** Where objects of one kind live: the path of their list and whether they have a namespace. */
export interface ResourceKind {
  readonly namespaced: boolean;
  readonly path: (namespace?: string, name?: string) => string;
}

/** Requests to one API server, with objects as plain data. */
export interface KubeApi extends AsyncDisposable {
  readonly config: KubeConfig;
  /** The answer's text. Throws ApiError on a refusal, UnfitError when nothing answers. */
  text(request: Request): Promise<string>;
  /** The answer parsed as JSON. */
  json(request: Request): Promise<unknown>;
  /** The answer as one object. Throws UnfitError when it is none. */
  object(request: Request): Promise<KubeObject>;
  /** Finds a kind by discovery. Throws ApiError with status 404 when the cluster does not know it. */
  kind(api_version: string, kind: string): Promise<ResourceKind>;
}

function pathMaker(api_version: string, plural: string, namespaced: boolean): ResourceKind['path'] {
  const root = api_version.includes('/') ? `/apis/${api_version}` : `/api/${api_version}`;
  return (namespace, name) =>
    [
      root,
      ...(namespaced && namespace !== undefined ? ['namespaces', encodeURIComponent(namespace)] : []),
      plural,
      ...(name === undefined ? [] : [encodeURIComponent(name)]),
    ].join('/');
}

function refusal(what: string, status: number, body: string): ApiError {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = undefined;
  }
  return new ApiError(
    what,
    numberAt(parsed, 'code') ?? status,
    textAt(parsed, 'reason') ?? '',
    textAt(parsed, 'message') ?? body.trim().slice(0, 500),
  );
}

/** The text of an error with that of its cause: `fetch failed` alone says nothing. */
export function withCause(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : `${messageOf(error)}: ${messageOf(cause)}`;
}

/**
 * Connects to the API server that a kubeconfig file names; nothing is sent yet.
 * @throws RefusedError when the file names another API server than expected
 */
export function openApi(target: Omit<KubeTarget, 'guarded'>): KubeApi {
  const config = new PinnedKubeConfig();
  config.loadFromFile(target.kubeconfig);
  const server = config.getCurrentCluster()?.server;
  if (server !== target.api_server) {
    throw new RefusedError(
      `${target.kubeconfig} points at ${server ?? 'no cluster'}, but cluster ${target.name} is at ${target.api_server}`,
      { next: 'Make a new cluster, or adopt this one again by name.' },
    );
  }
  const raw = config.makeApiClient(RawApi);
  const unreachable = (error: unknown): UnfitError =>
    new UnfitError(
      `the API server of cluster ${target.name} at ${server} does not answer: ${withCause(error)}`,
      {
        cause: error,
      },
    );

  async function text(request: Request): Promise<string> {
    const { method = 'GET', path, query = {}, body, content_type = 'application/json' } = request;
    const answer = await raw
      .send(HttpMethod[method], path, (context) => {
        context.setHeaderParam('Accept', 'application/json, */*;q=0.8');
        context.setSignal(AbortSignal.timeout(request.timeout_ms ?? REQUEST_TIMEOUT_MS));
        for (const [name, value] of Object.entries(query)) {
          if (value !== undefined) context.setQueryParam(name, value);
        }
        if (body !== undefined) {
          context.setHeaderParam('Content-Type', content_type);
          context.setBody(JSON.stringify(body));
        }
      })
      .catch((error: unknown) => {
        throw unreachable(error);
      });
    const [status, content] = answer;
    if (status < 200 || status > 299) throw refusal(`${method} ${path}`, status, content);
    return content;
  }

  async function describe(api_version: string, kind: string): Promise<V1APIResource> {
    const unknown = (message: string): ApiError =>
      new ApiError(`${api_version} ${kind}`, 404, 'NotFound', message);
    try {
      const found = await raw.describe(api_version, kind);
      if (found) return found;
    } catch (error) {
      if (!(error instanceof ApiException)) throw unreachable(error);
      if (error.code !== 404) throw refusal(`discovery of ${api_version}`, error.code, String(error.body));
    }
    throw unknown('the cluster does not know this kind; is its definition installed?');
  }

  async function kindOf(api_version: string, kind: string): Promise<ResourceKind> {
    const { namespaced, name: plural } = await describe(api_version, kind);
    return { namespaced, path: pathMaker(api_version, plural, namespaced) };
  }

  // Many requests for one kind start at once; they share one question, and a failed one is asked again.
  const kinds = new Map<string, Promise<ResourceKind>>();

  return {
    config,
    text,
    json: async (request): Promise<unknown> => JSON.parse(await text(request)),
    async object(request) {
      const answer: unknown = JSON.parse(await text(request));
      if (isKubeObject(answer)) return answer;
      throw new UnfitError(`${request.method ?? 'GET'} ${request.path} answered something that is no object`);
    },
    kind(api_version, kind) {
      const key = `${api_version} ${kind}`;
      const asked = kinds.get(key) ?? kindOf(api_version, kind);
      kinds.set(key, asked);
      asked.catch(() => kinds.delete(key));
      return asked;
    },
    [Symbol.asyncDispose]: () => config.close(),
  };
}
