import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { numberAt, listAt, textAt } from '#harness/core/kubernetes.ts';
import { POD, SERVICE } from '#harness/kube/recording.ts';
import { freshId } from '#harness/lease/receipt.ts';
import type { ComponentName } from '#harness/stack/component.ts';
import { defineFault, type Fault, type FaultContext, type Probe } from './fault.ts';
import { containersOf, nodeOfPod, nodesOf, onNode, pidsOf, tryOnNode } from './node.ts';

/** A Service whose connections from pods are refused. */
const Refused = v.object({
  service: v.string(),
  address: v.string(),
  port: v.number(),
  nodes: v.array(v.string()),
  /** In the comment of the rules: no other rule has it. */
  mark: v.string(),
});
type Refused = v.InferOutput<typeof Refused>;

/** What a fault of this kind says of itself. */
export interface RefusedService {
  readonly name: string;
  readonly breaks: string;
  /** What happens at worst, as a sentence. */
  readonly harm: string;
  readonly service: { readonly namespace: string; readonly name: string };
  readonly needs: ComponentName;
}

/** Most rules of one mark that can be there: an injection that was repeated adds one each time. */
const RULES_MAX = 10;
const CURL_S = 2;
/** curl's exit code when a connection was refused or reset at its beginning. */
const CURL_REFUSED = 7;

/**
 * The rule by which a node refuses connections that pods open, or have open, to a Service. It asks for the address as it
 * was before translation: so pods of the Service may come and go, node ports go on working, and so do scrapes and
 * the kubelet's probes, which ask pods themselves. The harness keeps its eyes while the cluster's own parts are blind.
 */
function rule({ address, port, mark }: Refused): readonly string[] {
  const text = `-p tcp -m conntrack --ctorigdst ${address} --ctorigdstport ${port} --ctdir ORIGINAL -m comment --comment ${mark} -j REJECT --reject-with tcp-reset`;
  return text.split(' ');
}

/** Asks the Service from the network of a pod: CoreDNS, which every cluster has. */
async function askedByPod(ctx: FaultContext, { address, port }: Refused): Promise<Probe> {
  const pods = await ctx.kube.list({ ...POD, namespace: 'kube-system', labels: 'k8s-app=kube-dns' });
  const pod = pods.find((one) => textAt(one, 'status', 'phase') === 'Running');
  const [id] = pod === undefined ? [] : containersOf(pod).values();
  if (pod === undefined || id === undefined) return { holds: false, seen: 'no pod runs that could ask' };
  const node = await nodeOfPod(ctx, pod);
  const [pid] = await pidsOf(node, id);
  if (pid === undefined) return { holds: false, seen: 'no pod runs that could ask' };
  const asked = await tryOnNode(node, [
    ...`nsenter --target ${pid} --net curl --silent --output /dev/null --max-time ${CURL_S}`.split(' '),
    '--write-out',
    '%{http_code} after %{time_total} s',
    `http://${address}:${port}/`,
  ]);
  const refused = asked.exit_code === CURL_REFUSED;
  const seen = refused ? 'a pod that asks it is refused' : `a pod that asks it gets ${asked.stdout}`;
  return { holds: refused, seen };
}

/** A fault by which pods are refused by a Service of the stack, at once, whether their connection is new or old. */
export function refusedFault({ name, breaks, harm, service, needs }: RefusedService): Fault {
  const subject = `Service/${service.namespace}/${service.name}`;
  return defineFault({
    name,
    breaks,
    radius: { reach: 'shared', pods_max: 0 },
    options: v.strictObject({}),
    state: Refused,
    trial_needs: { components: [needs] },
    example: () => ({}),
    async plan(ctx) {
      const found = await ctx.kube.get({ ...SERVICE, ...service });
      const address = textAt(found, 'spec', 'clusterIP');
      const [port] = listAt(found, 'spec', 'ports');
      if (address === undefined || port === undefined) {
        throw new UsageError(`there is no ${subject}`, { next: `Use a cluster with ${needs}.` });
      }
      return {
        targets: [subject],
        harm,
        state: {
          service: subject,
          address,
          port: numberAt(port, 'port') ?? 0,
          nodes: [...(await nodesOf(ctx))],
          mark: `mettle-${name}-${freshId()}`,
        },
      };
    },
    async inject(_ctx, state) {
      for (const node of state.nodes) {
        await onNode(node, ['iptables', '-w', '5', '-I', 'FORWARD', ...rule(state)]);
      }
    },
    probeOn: askedByPod,
    async heal(_ctx, state) {
      for (const node of state.nodes) {
        for (let count = 0; count < RULES_MAX; count += 1) {
          const { exit_code } = await tryOnNode(node, [
            'iptables',
            '-w',
            '5',
            '-D',
            'FORWARD',
            ...rule(state),
          ]);
          // There is none left.
          if (exit_code !== 0) break;
        }
      }
    },
    async probeOff(ctx, state) {
      for (const node of state.nodes) {
        const rules = await onNode(node, ['iptables', '-w', '5', '-S', 'FORWARD']);
        if (rules.includes(state.mark)) return { holds: false, seen: `a rule of ${node} is still there` };
      }
      const { holds: refused, seen } = await askedByPod(ctx, state);
      return { holds: !refused && !seen.includes('gets 000'), seen };
    },
  });
}
