import type { KubeObject } from '#harness/core/kubernetes.ts';

/** One change as a watcher hands it on. `listed` is what was there when the watch began. */
export interface Change {
  readonly verb: 'listed' | 'added' | 'modified' | 'deleted';
  readonly object: KubeObject;
}

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/**
 * What a watcher knows of the cluster. It turns lists and watch events, which overlap when a watch is taken up
 * again, into changes of which none is told twice and no object's last state is missed.
 */
export class KnownObjects {
  readonly #objects = new Map<string, KubeObject>();
  #listed = false;

  /** What is known now. */
  get objects(): readonly KubeObject[] {
    return [...this.#objects.values()];
  }

  /** Takes a complete list: what is new, what changed, and what went away unseen. */
  list(objects: readonly KubeObject[]): Change[] {
    const first = !this.#listed;
    this.#listed = true;
    const present = new Set(objects.map(keyOf));
    const gone = this.objects.filter((object) => !present.has(keyOf(object)));
    const changes = gone.flatMap((object) => this.event('DELETED', object));
    for (const object of objects) {
      const [change] = this.event('ADDED', object);
      if (change) changes.push(first ? { verb: 'listed', object } : change);
    }
    return changes;
  }

  /** Takes one watch event; returns the change, or nothing when it was known already. */
  event(type: WatchEventType, object: KubeObject): Change[] {
    const key = keyOf(object);
    const known = this.#objects.get(key);
    if (type === 'DELETED') {
      if (known === undefined) return [];
      this.#objects.delete(key);
      return [{ verb: 'deleted', object }];
    }
    if (known?.metadata.resourceVersion === object.metadata.resourceVersion && known) return [];
    this.#objects.set(key, object);
    return [{ verb: known ? 'modified' : 'added', object }];
  }
}

/** An object made anew under an old name is another object: the UID tells them apart. */
function keyOf({ metadata }: KubeObject): string {
  return metadata.uid ?? `${metadata.namespace ?? ''}/${metadata.name}`;
}
