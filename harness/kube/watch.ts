import { setTimeout as sleep } from 'node:timers/promises';
import { Watch } from '@kubernetes/client-node';
import { messageOf } from '#harness/core/errors.ts';
import { isKubeObject, type KubeObject, listAt, numberAt, textAt } from '#harness/core/kubernetes.ts';
import { type KubeApi, withCause } from './api.ts';
import { type Change, KnownObjects } from './known-objects.ts';

/** Which objects are meant: one kind, in one namespace or all, one name or all that carry the labels. */
export interface Selection {
  readonly api_version: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name?: string;
  /** A label selector as kubectl takes it, for example `app=shop`. */
  readonly labels?: string;
}

export interface WatchHandlers {
  onChange(change: Change): void;
  /** The source is silent, or states in between may be missing. Called once until contact is back. */
  onLost?(reason: string): void;
  /** Contact is back after `onLost`. */
  onRecovered?(): void;
}

export interface Watching extends AsyncDisposable {
  /** Resolves once what was there at the start has been handed on; rejects when the watch is closed before. */
  readonly started: Promise<void>;
  /** What is known now. */
  readonly objects: readonly KubeObject[];
}

/** The server ends each watch after this time; it is taken up again where it ended. Below the client's 30 s of patience. */
const SERVER_TIMEOUT_S = 25;
/** Without contact for this long a watcher says so. */
const LOST_AFTER_MS = 5_000;
const PAUSE_MS = { first: 50, most: 1_000 };
const PAGE = 500;

/** The server no longer holds the history since the last version seen. */
class HistoryGone extends Error {}

interface Listed {
  readonly objects: readonly KubeObject[];
  readonly version: string;
}

function selectors({ name, labels }: Selection): Record<string, string | undefined> {
  return {
    labelSelector: labels,
    fieldSelector: name === undefined ? undefined : `metadata.name=${name}`,
  };
}

/** All objects of a selection. Items of a list carry no kind of their own, so it is added. */
export async function listObjects(api: KubeApi, selection: Selection): Promise<Listed> {
  const { api_version, kind, namespace } = selection;
  const path = (await api.kind(api_version, kind)).path(namespace);
  const objects: KubeObject[] = [];
  let next: string | undefined;
  for (;;) {
    const query = { ...selectors(selection), limit: String(PAGE), continue: next };
    const page = await api.json({ path, query });
    for (const item of listAt(page, 'items')) {
      const whole = { apiVersion: api_version, kind, ...(typeof item === 'object' ? item : {}) };
      if (isKubeObject(whole)) objects.push(whole);
    }
    next = textAt(page, 'metadata', 'continue') || undefined;
    if (next === undefined) return { objects, version: textAt(page, 'metadata', 'resourceVersion') ?? '0' };
  }
}

class Watcher implements Watching {
  readonly #api: KubeApi;
  readonly #selection: Selection;
  readonly #handlers: WatchHandlers;
  readonly #known = new KnownObjects();
  readonly #stop = new AbortController();
  readonly #start = Promise.withResolvers<void>();
  readonly #ended: Promise<void>;
  #abortFollowing: (() => void) | undefined;
  /** The last version seen: where a broken watch is taken up. */
  #version: string | undefined;
  #lost = false;
  #contact_ms = Date.now();

  constructor(api: KubeApi, selection: Selection, handlers: WatchHandlers) {
    this.#api = api;
    this.#selection = selection;
    this.#handlers = handlers;
    // Nobody may be waiting for the start; its failure is told by onLost as well.
    this.#start.promise.catch(() => undefined);
    this.#ended = this.#run();
  }

  get started(): Promise<void> {
    return this.#start.promise;
  }

  get objects(): readonly KubeObject[] {
    return this.#known.objects;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#abortFollowing?.();
    this.#start.reject(new Error('the watch was closed before it began'));
    await this.#ended;
  }

  async #run(): Promise<void> {
    let pause = PAUSE_MS.first;
    while (!this.#stop.signal.aborted) {
      try {
        this.#version ??= await this.#list();
        await this.#follow(this.#version);
        pause = PAUSE_MS.first;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        if (error instanceof HistoryGone) {
          this.#version = undefined;
          this.#say_lost(`the server's history is gone, states in between may be missing: ${error.message}`);
          continue;
        }
        if (Date.now() - this.#contact_ms > LOST_AFTER_MS) this.#say_lost(withCause(error));
        await sleep(pause, undefined, { signal: this.#stop.signal }).catch(() => undefined);
        pause = Math.min(pause * 2, PAUSE_MS.most);
      }
    }
  }

  async #list(): Promise<string> {
    const { objects, version } = await listObjects(this.#api, this.#selection);
    for (const change of this.#known.list(objects)) this.#handlers.onChange(change);
    this.#start.resolve();
    this.#in_contact();
    return version;
  }

  /** Follows changes after a version until the connection ends. */
  async #follow(version: string): Promise<void> {
    const { api_version, kind, namespace } = this.#selection;
    const path = (await this.#api.kind(api_version, kind)).path(namespace);
    const query = {
      ...selectors(this.#selection),
      resourceVersion: version,
      allowWatchBookmarks: true,
      timeoutSeconds: SERVER_TIMEOUT_S,
    };
    let failure: Error | undefined;
    const ended = Promise.withResolvers<void>();
    const onEvent = (type: string, object: unknown): void => {
      if (type === 'ERROR') {
        const message = textAt(object, 'message') ?? JSON.stringify(object);
        failure ??= numberAt(object, 'code') === 410 ? new HistoryGone(message) : new Error(message);
        return;
      }
      this.#in_contact();
      this.#version = textAt(object, 'metadata', 'resourceVersion') ?? this.#version;
      if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED') return;
      if (!isKubeObject(object)) return;
      for (const change of this.#known.event(type, object)) this.#handlers.onChange(change);
    };
    const onDone = (error: unknown): void => {
      if (error === null || error === undefined) ended.resolve();
      else if (numberAt(error, 'statusCode') === 410) ended.reject(new HistoryGone(messageOf(error)));
      else ended.reject(error instanceof Error ? error : new Error(messageOf(error)));
    };
    const connection = await new Watch(this.#api.config).watch(path, query, onEvent, onDone);
    this.#abortFollowing = () => connection.abort();
    if (this.#stop.signal.aborted) connection.abort();
    await ended.promise;
    if (failure) throw failure;
    this.#in_contact();
  }

  #in_contact(): void {
    this.#contact_ms = Date.now();
    if (!this.#lost) return;
    this.#lost = false;
    this.#handlers.onRecovered?.();
  }

  #say_lost(reason: string): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#handlers.onLost?.(reason);
  }
}

/**
 * Watches objects until it is closed. A watch that ends or breaks is taken up at the last version seen; when the
 * server has forgotten that version, everything is listed again, what differs is told, and `onLost` is called,
 * because states in between may be missing.
 */
export function watchObjects(api: KubeApi, selection: Selection, handlers: WatchHandlers): Watching {
  return new Watcher(api, selection, handlers);
}
