import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { at, textAt } from '#harness/core/kubernetes.ts';
import { SERVICE } from '#harness/kube/recording.ts';
import { defineFault, type FaultContext } from './fault.ts';
import { lookUp, tally } from './lookup.ts';

const NAME_SERVICE = { ...SERVICE, namespace: 'kube-system', name: 'kube-dns' } as const;
/** No pod has such a label, so a Service that asks for it has nobody behind it. */
const MARK = 'mettle.dev/fault';
/** A name that every cluster has. */
const NAME = 'kubernetes.default.svc.cluster.local';

async function isMarked({ kube }: FaultContext): Promise<boolean> {
  return textAt(await kube.get(NAME_SERVICE), 'spec', 'selector', MARK) !== undefined;
}

/**
 * Takes the name servers away from everybody, by the Service that all reach them by. The servers run on, so that names
 * are found again at once when it is healed: pods that start would be asked whether they are ready every 10 s only.
 */
export const dnsDown = defineFault({
  name: 'dns-down',
  breaks: 'lets nobody on the cluster find any name; connections that are open stay',
  radius: { reach: 'shared', pods_max: 0 },
  options: v.strictObject({}),
  state: v.object({ namespace: v.string() }),
  example: () => ({}),
  async plan(ctx, _options, namespace) {
    const service = await ctx.kube.get(NAME_SERVICE);
    if (at(service, 'spec', 'selector') === undefined) {
      throw new UsageError('the cluster has no Service kube-dns with pods behind it');
    }
    return {
      // The Corefile is named too: a name that is answered wrongly could not be told from none at all.
      targets: ['Service/kube-system/kube-dns', 'ConfigMap/kube-system/coredns'],
      harm: 'whoever opens a connection by a name fails, controllers included',
      state: { namespace },
    };
  },
  async inject({ kube }) {
    await kube.patch(NAME_SERVICE, { spec: { selector: { [MARK]: 'dns-down' } } });
  },
  async probeOn(ctx, { namespace }) {
    const answers = await lookUp(ctx, namespace, NAME);
    return {
      holds: answers.length > 0 && !answers.includes('found'),
      seen: `${NAME}: ${tally(answers)}`,
    };
  },
  async heal(ctx) {
    if (await isMarked(ctx)) await ctx.kube.patch(NAME_SERVICE, { spec: { selector: { [MARK]: null } } });
  },
  async probeOff(ctx, { namespace }) {
    if (await isMarked(ctx)) return { holds: false, seen: 'the Service has nobody behind it' };
    const answers = await lookUp(ctx, namespace, NAME);
    return {
      holds: answers.length > 0 && answers.every((answer) => answer === 'found'),
      seen: `${NAME}: ${tally(answers)}`,
    };
  },
});
