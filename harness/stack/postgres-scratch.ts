/** A backup restored into a server of its own beside the database, by the very program that would restore it after a loss. */
import { UnfitError } from '#harness/core/errors.ts';
import { at, type KubeObject, listAt } from '#harness/core/kubernetes.ts';
import { type Decision, parseDecisions } from '#harness/database/decisions.ts';
import type { Ask } from '#harness/database/ask.ts';
import { POD } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import type { StackContext } from './component.ts';
import { DATABASE_POD, DATABASE_SERVER } from './postgres.ts';
import { made } from './shop-manifests.ts';
import { runSql } from './superuser.ts';

const CONTAINER = 'postgres';
const RESTORED_S = 120;
const ASK_S = 60;

/** A server that holds what a backup held. Giving it back removes it. */
export interface ScratchServer extends AsyncDisposable {
  /** What the restore made of each backup that it looked at. */
  readonly decisions: readonly Decision[];
  readonly ask: Ask;
}

/** The database's own pod with an empty volume, which no Service leads to: an empty volume is filled from the store. */
function scratchPod(server: KubeObject, name: string): KubeObject {
  const spec = Object(at(server, 'spec', 'template', 'spec'));
  const volumes = listAt(spec, 'volumes').map((volume) =>
    at(volume, 'name') === 'data' ? { name: 'data', emptyDir: {} } : volume,
  );
  const { namespace } = DATABASE_POD;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: 'postgres-scratch' } },
    spec: { ...spec, volumes, restartPolicy: 'Never', terminationGracePeriodSeconds: 1 },
  };
}

/**
 * Restores the newest backup that can be trusted into a new server.
 * @throws UnfitError when the cluster takes no backups
 * @throws DeadlineError when the server does not serve in time, for want of a backup above all
 */
export async function scratchRestore(ctx: StackContext, name: string): Promise<ScratchServer> {
  const { kube, progress, signal } = ctx;
  const server = await kube.get(DATABASE_SERVER);
  const store = listAt(server, 'spec', 'template', 'spec', 'volumes').some(
    (volume) => at(volume, 'name') === 'backups',
  );
  if (server === undefined || !store) {
    throw new UnfitError(`cluster ${kube.cluster} takes no backups of its database`, {
      next: 'Choose the component postgres with a backup.',
    });
  }
  const { namespace } = DATABASE_POD;
  const pod = { ...POD, namespace, name };
  await using given = new AsyncDisposableStack();
  given.defer(async () => {
    await kube.beginRemoval(pod, 0);
  });
  await kube.apply([made(scratchPod(server, name))]);
  await kube.waitFor(isCurrent(pod), {
    deadline_s: RESTORED_S,
    progress,
    ...(signal ? { signal } : {}),
  });
  const asked = { pod: name, called: 'the restored server', timeout_s: ASK_S };
  const command = ['cat', '/volume/restore.jsonl'];
  const told = await kube.exec({ namespace, pod: name, container: CONTAINER, command, timeout_s: ASK_S });
  if (told.exit_code !== 0) throw new UnfitError(`${asked.called} refused: ${told.stderr.trim()}`);
  const decisions = parseDecisions(told.stdout);
  const held = given.move();
  return {
    decisions,
    ask: async (statements) => (await runSql(ctx, statements, asked)).trim(),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
