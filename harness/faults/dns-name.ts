import * as v from 'valibot';
import { UnfitError, UsageError } from '#harness/core/errors.ts';
import { textAt } from '#harness/core/kubernetes.ts';
import { freshId } from '#harness/lease/receipt.ts';
import { COREDNS_MAP, tellServers, untellServers } from './coredns.ts';
import { defineFault, type FaultContext } from './fault.ts';
import { lookUp, tally } from './lookup.ts';

const ANSWERS = { 'no-such-name': 'NXDOMAIN', failure: 'SERVFAIL' } as const;
/** What a resolver calls these answers. */
const CODES: Readonly<Record<string, string>> = { NXDOMAIN: 'ENOTFOUND', SERVFAIL: 'ESERVFAIL' };
const SERVER = /^(?<head>\.:53 \{\n)/m;

async function corefile({ kube }: FaultContext): Promise<string> {
  const text = textAt(await kube.get(COREDNS_MAP), 'data', 'Corefile');
  if (text === undefined) throw new UsageError('the cluster has no CoreDNS with a Corefile');
  return text;
}

/** Lets one name, and all under it, not be found by anybody on the cluster. */
export const dnsName = defineFault({
  name: 'dns-name',
  breaks:
    'lets the cluster’s name server answer one name wrongly, for all who ask; connections that are open stay',
  radius: { reach: 'shared', pods_max: 0 },
  options: v.strictObject({
    name: v.pipe(
      v.string(),
      v.regex(
        /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]+$/,
        'must be a whole name, without a dot at its end',
      ),
      v.description('the whole name, for example shop.some-namespace.svc.cluster.local'),
    ),
    answer: v.optional(
      v.pipe(
        v.picklist(['no-such-name', 'failure']),
        v.description('what is answered; no-such-name when absent'),
      ),
      'no-such-name',
    ),
  }),
  state: v.object({
    namespace: v.string(),
    name: v.string(),
    code: v.string(),
    id: v.string(),
    block: v.string(),
  }),
  example: ({ namespace }) => ({ name: `shop.${namespace}.svc.cluster.local` }),
  async plan(ctx, { name, answer }, namespace) {
    if (!SERVER.test(await corefile(ctx))) {
      throw new UsageError('the Corefile of CoreDNS has no server for `.:53`');
    }
    const rcode = ANSWERS[answer];
    const id = freshId();
    const block = `    template ANY ANY ${name} { # METTLE-${id}\n        rcode ${rcode}\n    }\n`;
    return {
      targets: [`ConfigMap/${COREDNS_MAP.namespace}/${COREDNS_MAP.name}`],
      harm: `whoever asks for ${name} is told ${rcode}`,
      state: { namespace, name, code: CODES[rcode] ?? '', id, block },
    };
  },
  async inject(ctx, { id, block }) {
    const text = await corefile(ctx);
    const Corefile = text.replace(SERVER, (head) => `${head}${block}`);
    await ctx.kube.patch(COREDNS_MAP, { data: { Corefile } });
    await tellServers(ctx, id, block);
  },
  async probeOn(ctx, { namespace, name, code }) {
    const answers = await lookUp(ctx, namespace, name);
    return {
      holds: answers.length > 0 && answers.every((answer) => answer === code),
      seen: `${name}: ${tally(answers)}`,
    };
  },
  async heal(ctx, { id, block }) {
    const text = await corefile(ctx);
    if (text.includes(block)) {
      await ctx.kube.patch(COREDNS_MAP, { data: { Corefile: text.replace(block, '') } });
    }
    await untellServers(ctx, id, block);
  },
  async probeOff(ctx, { namespace, name, block }) {
    if ((await corefile(ctx)).includes(block)) return { holds: false, seen: 'the Corefile still says so' };
    const answers = await lookUp(ctx, namespace, name).catch((error: unknown) => {
      if (error instanceof UnfitError) return [error.message];
      throw error;
    });
    return {
      holds: answers.length > 0 && answers.every((answer) => answer === 'found'),
      seen: `${name}: ${tally(answers)}`,
    };
  },
});
