import type { KubeClient } from '../client.ts';

function absent(): never {
  throw new Error('not part of this test');
}

/** A client of no cluster: what is not given throws when it is called. */
export function partialClient(given: Partial<KubeClient>): KubeClient {
  return {
    cluster: 'none',
    apply: absent,
    get: absent,
    list: absent,
    watch: absent,
    waitFor: absent,
    patch: absent,
    patchStatus: absent,
    scale: absent,
    beginRemoval: absent,
    remove: absent,
    logs: absent,
    proxyGet: absent,
    proxySend: absent,
    exec: absent,
    evict: absent,
    kinds: absent,
    [Symbol.asyncDispose]: async () => undefined,
    ...given,
  };
}
