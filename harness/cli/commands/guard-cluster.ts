import type { StartInCluster } from '#harness/database/server/types.ts';

/** Starts a server of the guard in a cluster, once what dead runs have left is gone. Read only when it is asked for. */
export const startInCluster: StartInCluster = async (options) => {
  const [{ sweep }, starting] = await Promise.all([
    import('#harness/faults/sweep.ts'),
    import('#harness/stack/guard-server/start.ts'),
  ]);
  const { progress = () => undefined } = options;
  await sweep({ progress });
  return await starting.startInCluster(options);
};
