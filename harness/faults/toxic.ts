import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { statusOf } from '#harness/core/kstatus.ts';
import { listAt, textAt } from '#harness/core/kubernetes.ts';
import type { PodPort } from '#harness/kube/client.ts';
import { POD } from '#harness/kube/recording.ts';
import { DATABASE_PROXY, TOXIPROXY, TOXIPROXY_PORT } from '#harness/stack/toxiproxy.ts';
import type { Fault, FaultContext, Probe, Trial } from './fault.ts';
import { defineFault } from './fault.ts';
import { asClient, type ClientResult, median } from './psql.ts';

/** What toxiproxy does to one direction of a proxy's connections: `downstream` is towards the client. */
const Toxic = v.object({
  type: v.string(),
  stream: v.picklist(['upstream', 'downstream']),
  attributes: v.record(v.string(), v.number()),
});

export type Toxic = v.InferOutput<typeof Toxic>;

/** Toxics of ours, told from those of others by their names. */
const PREFIX = 'mettle-';
/** Round trips of a probe; the middle one counts. */
const TRIPS = 5;
const QUESTIONS = 'SELECT 1;\n'.repeat(TRIPS);
/** An answer this late means that the way to the database is not what it was, in ms. */
const USUAL_MS = 60;

export interface ToxicDefinition<Options extends v.GenericSchema> {
  readonly name: string;
  readonly breaks: string;
  readonly options: Options;
  readonly example: (trial: Trial) => v.InferInput<Options>;
  readonly harm: (options: v.InferOutput<Options>) => string;
  readonly toxics: (options: v.InferOutput<Options>) => readonly Toxic[];
  /** What a client sends to see it, and what it must meet. */
  readonly ask?: (options: v.InferOutput<Options>) => string;
  readonly met: (found: ClientResult, options: v.InferOutput<Options>) => Probe;
}

async function proxyOf({ kube }: FaultContext, namespace: string): Promise<PodPort | undefined> {
  const pods = await kube.list({ ...POD, namespace, labels: `app=${TOXIPROXY}` });
  const ready = pods.find((pod) => statusOf(pod).standing === 'Current');
  return ready && { namespace, pod: ready.metadata.name, port: TOXIPROXY_PORT };
}

const TOXICS = `/proxies/${DATABASE_PROXY.proxy}/toxics`;

/** Names of the toxics of ours that are in the proxy. */
async function ours({ kube }: FaultContext, proxy: PodPort): Promise<readonly string[]> {
  const answer: unknown = JSON.parse(await kube.proxyGet(proxy, TOXICS));
  const toxics = Array.isArray(answer) ? listAt(answer) : [];
  return toxics.flatMap((one) => textAt(one, 'name') ?? []).filter((name) => name.startsWith(PREFIX));
}

/** What a client saw, in words. */
export function outcomeOf({ exit_code, stderr, took_ms }: ClientResult): string {
  const [complaint = ''] = stderr.trim().split('\n').slice(-1);
  if (exit_code !== 0) return `a client was refused or left alone: ${complaint}`;
  return `a client's answers took ${(median(took_ms) ?? 0).toFixed(0)} ms, of ${took_ms.map((ms) => ms.toFixed(0)).join(', ')}`;
}

/**
 * A fault of the way from the shop of a namespace to its database: toxics of the proxy that the shop was deployed with
 * (`database_proxy`). They act on connections that are open as well, need no restart, and are gone with the proxy.
 * It is probed by a client of another place that comes the same way.
 */
export function toxicFault<Options extends v.GenericSchema>(definition: ToxicDefinition<Options>): Fault {
  const { name, breaks, options, harm, toxics, ask, met } = definition;
  return defineFault({
    name,
    breaks,
    radius: { reach: 'own', pods_max: 0 },
    options,
    state: v.object({ namespace: v.string(), toxics: v.array(Toxic), options: v.unknown() }),
    trial_needs: { components: ['postgres'] },
    example: definition.example,
    async plan(ctx, given, namespace) {
      if ((await proxyOf(ctx, namespace)) === undefined) {
        throw new UsageError(`no proxy stands before the database of ${namespace}`, {
          next: 'Deploy its shop with `database_proxy: true`.',
        });
      }
      return {
        targets: [`Proxy/${namespace}/${DATABASE_PROXY.proxy}`],
        harm: harm(given),
        state: { namespace, toxics: [...toxics(given)], options: given },
      };
    },
    async inject(ctx, { namespace, toxics: wanted }) {
      const proxy = await proxyOf(ctx, namespace);
      if (proxy === undefined) throw new UsageError(`the proxy of ${namespace} is gone`);
      for (const toxic of wanted) {
        const body = { ...toxic, name: `${PREFIX}${toxic.type}-${toxic.stream}`, toxicity: 1 };
        await ctx.kube.proxySend(proxy, { method: 'POST', path: TOXICS, body });
      }
    },
    async probeOn(ctx, { namespace, options: given }) {
      const wanted = v.parse(options, given);
      return met(await asClient(ctx, namespace, ask?.(wanted) ?? QUESTIONS), wanted);
    },
    async heal(ctx, { namespace }) {
      const proxy = await proxyOf(ctx, namespace);
      // A proxy that is gone took them along; one that starts again starts without them.
      if (proxy === undefined) return;
      for (const toxic of await ours(ctx, proxy)) {
        await ctx.kube.proxySend(proxy, { method: 'DELETE', path: `${TOXICS}/${toxic}` });
      }
    },
    async probeOff(ctx, { namespace }) {
      const proxy = await proxyOf(ctx, namespace);
      if (proxy === undefined) return { holds: false, seen: 'the proxy is not ready' };
      const left = await ours(ctx, proxy);
      if (left.length > 0) return { holds: false, seen: `${left.join(', ')} are there` };
      const found = await asClient(ctx, namespace, QUESTIONS);
      const middle = median(found.took_ms);
      const holds = found.exit_code === 0 && middle !== undefined && middle < USUAL_MS;
      return { holds, seen: outcomeOf(found) };
    },
  });
}
