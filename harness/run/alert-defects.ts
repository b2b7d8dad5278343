import { UnfitError } from '#harness/core/errors.ts';
import { textAt } from '#harness/core/kubernetes.ts';
import { DEPLOYMENT } from '#harness/kube/recording.ts';
import { setChatBehaviour } from '#harness/stack/chat.ts';
import type { AlertDefect } from './alert.ts';
import type { Acting } from './on-cluster.ts';

const RESTART_S = 60;
const ALERTMANAGER = { namespace: 'monitoring', name: 'alertmanager' } as const;
const CONFIG = { api_version: 'v1', kind: 'ConfigMap', ...ALERTMANAGER } as const;
const FILE = 'alertmanager.yml';

/** Gives Alertmanager another configuration: it reads it when it starts. */
async function configure({ ctx, run }: Acting, text: string): Promise<void> {
  await ctx.kube.patch(CONFIG, { data: { [FILE]: text } });
  const deployment = { ...DEPLOYMENT, ...ALERTMANAGER };
  const options = { deadline_s: RESTART_S, progress: run.progress, signal: run.signal };
  await ctx.kube.scale(deployment, 0, options);
  await ctx.kube.scale(deployment, 1, options);
}

/** Takes the route to the chat away: alerts go to a receiver that tells nobody. */
async function withoutRoute(acting: Acting): Promise<AsyncDisposable> {
  const before = textAt(await acting.ctx.kube.get(CONFIG), 'data', FILE);
  if (before === undefined) throw new UnfitError('Alertmanager has no configuration in the cluster');
  await configure(acting, 'route:\n  receiver: nobody\nreceivers:\n  - name: nobody\n');
  return { [Symbol.asyncDispose]: () => configure(acting, before) };
}

/** Each must turn the verdict of the alert scenario red. */
export const ALERT_DEFECTS: readonly AlertDefect[] = [
  {
    name: 'chat-drops',
    breaks: 'the chat accepts messages and loses them',
    noticed_by: 'chat-told-once',
    before: async ({ cluster, namespace }) => {
      const scope = { namespace };
      await setChatBehaviour(cluster, { drop: true, for: scope });
      return { [Symbol.asyncDispose]: () => setChatBehaviour(cluster, { for: scope }) };
    },
  },
  {
    name: 'for-too-long',
    breaks: 'the rule waits three times as long as the team believes',
    noticed_by: 'alert-fired-in-time',
    for_s: 20,
  },
  {
    name: 'route-missing',
    breaks: 'Alertmanager has no route to the chat',
    noticed_by: 'chat-told-once',
    before: withoutRoute,
  },
];
