import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { statusOf } from '#harness/core/kstatus.ts';
import { listAt, textAt } from '#harness/core/kubernetes.ts';
import { ApiError } from '#harness/kube/api.ts';
import type { PodPort } from '#harness/kube/client.ts';
import { POD } from '#harness/kube/recording.ts';
import { DATABASE_PROXY, TOXIPROXY, TOXIPROXY_PORT } from '#harness/stack/toxiproxy.ts';
import { defineFault, type Fault, type FaultContext, type Probe, type Trial } from './fault.ts';
import { asClient, type ClientResult, median } from './psql.ts';
import {
  askService,
  beginRedirect,
  endRedirect,
  lead,
  planRedirect,
  proxyNameOf,
  Redirect,
} from './upstream.ts';

/** What toxiproxy does to one direction of a proxy's connections: `downstream` is towards the client. */
const Toxic = v.object({
  type: v.string(),
  stream: v.picklist(['upstream', 'downstream']),
  attributes: v.record(v.string(), v.number()),
});

type Toxic = v.InferOutput<typeof Toxic>;

const State = v.object({
  namespace: v.string(),
  /** The Service that is led through the proxy meanwhile; the database's way always is. */
  redirect: v.optional(Redirect),
  toxics: v.array(Toxic),
  options: v.unknown(),
});

type State = v.InferOutput<typeof State>;

/** Toxics of ours, told from those of others by their names. */
const PREFIX = 'mettle-';
/** Round trips of a probe; the middle one counts. */
const TRIPS = 5;
/** An answer this late means that the way is not what it was, in ms. */
const USUAL_MS = 60;

export interface ToxicDefinition<Options extends v.GenericSchema> {
  readonly name: string;
  readonly breaks: string;
  /** With `UPSTREAM` among them where it can be measured on a Service as well. */
  readonly options: Options;
  readonly example: (trial: Trial) => v.InferInput<Options>;
  readonly harm: (options: v.InferOutput<Options>) => string;
  readonly toxics: (options: v.InferOutput<Options>) => readonly Toxic[];
  /** What a client of the database sends to see it; some round trips when absent. */
  readonly ask?: (options: v.InferOutput<Options>) => string;
  /** Round trips that are measured. */
  readonly trips?: number;
  /** What a client must meet. */
  readonly met: (found: ClientResult, options: v.InferOutput<Options>) => Probe;
}

async function proxyOf({ kube }: FaultContext, namespace: string): Promise<PodPort | undefined> {
  const pods = await kube.list({ ...POD, namespace, labels: `app=${TOXIPROXY}` });
  const ready = pods.find((pod) => statusOf(pod).standing === 'Current');
  return ready && { namespace, pod: ready.metadata.name, port: TOXIPROXY_PORT };
}

function toxicsOf({ redirect }: State): string {
  return `/proxies/${redirect === undefined ? DATABASE_PROXY.proxy : proxyNameOf(redirect)}/toxics`;
}

/** Names of the toxics of ours that are in the proxy; none where the proxy is not there. */
async function ours({ kube }: FaultContext, proxy: PodPort, state: State): Promise<readonly string[]> {
  try {
    const answer: unknown = JSON.parse(await kube.proxyGet(proxy, toxicsOf(state)));
    return listAt(answer)
      .flatMap((one) => textAt(one, 'name') ?? [])
      .filter((name) => name.startsWith(PREFIX));
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return [];
    throw error;
  }
}

/** What a client saw, in words. */
export function outcomeOf({ exit_code, stderr, took_ms }: ClientResult): string {
  const complaint = stderr.trim().split('\n').at(-1) ?? '';
  if (exit_code !== 0) return `a client was refused or left alone: ${complaint}`;
  return `a client's answers took ${(median(took_ms) ?? 0).toFixed(0)} ms, of ${took_ms.map((ms) => ms.toFixed(0)).join(', ')}`;
}

/** A client that is no part of the run, and comes by the same way. */
async function client(ctx: FaultContext, { namespace, redirect }: State, trips: number, sql?: string) {
  if (redirect !== undefined) return await askService(ctx, redirect, trips);
  return await asClient(ctx, namespace, sql ?? 'SELECT 1;\n'.repeat(trips));
}

/**
 * A fault of the way to what a run depends on: toxics of the proxy that its shop was deployed with (`database_proxy`).
 * They act on connections that are open as well, need no restart, and are gone with the proxy. A Service is led through
 * the proxy for as long as the fault is on.
 */
export function toxicFault<Options extends v.GenericSchema>(definition: ToxicDefinition<Options>): Fault {
  const { name, breaks, options, harm, toxics, ask, met, trips = TRIPS } = definition;
  return defineFault({
    name,
    breaks,
    radius: { reach: 'own', pods_max: 0 },
    options,
    state: State,
    trial_needs: { components: ['postgres'] },
    example: definition.example,
    async plan(ctx, given, namespace) {
      if ((await proxyOf(ctx, namespace)) === undefined) {
        throw new UsageError(`no proxy runs in ${namespace}`, {
          next: 'Deploy its shop with `database: true` and `database_proxy: true`.',
        });
      }
      const service = textAt(given, 'upstream');
      const redirect = service === undefined ? undefined : await planRedirect(ctx, namespace, service);
      return {
        targets: [
          redirect === undefined
            ? `Proxy/${namespace}/${DATABASE_PROXY.proxy}`
            : `Service/${namespace}/${redirect.service}`,
        ],
        harm: harm(given),
        state: {
          namespace,
          toxics: [...toxics(given)],
          options: given,
          ...(redirect === undefined ? {} : { redirect }),
        },
      };
    },
    async inject(ctx, state) {
      const { namespace, redirect } = state;
      const proxy = await proxyOf(ctx, namespace);
      if (proxy === undefined) throw new UsageError(`the proxy of ${namespace} is gone`);
      if (redirect !== undefined) await beginRedirect(ctx, proxy, redirect);
      for (const toxic of state.toxics) {
        const body = { ...toxic, name: `${PREFIX}${toxic.type}-${toxic.stream}`, toxicity: 1 };
        await ctx.kube.proxySend(proxy, { method: 'POST', path: toxicsOf(state), body });
      }
      if (redirect !== undefined) await lead(ctx, redirect);
    },
    async probeOn(ctx, state) {
      const wanted = v.parse(options, state.options);
      return met(await client(ctx, state, trips, ask?.(wanted)), wanted);
    },
    async heal(ctx, state) {
      const { namespace, redirect } = state;
      const proxy = await proxyOf(ctx, namespace);
      // A proxy that is gone took its toxics along; one that starts again starts without them.
      for (const toxic of proxy === undefined ? [] : await ours(ctx, proxy, state)) {
        if (proxy) await ctx.kube.proxySend(proxy, { method: 'DELETE', path: `${toxicsOf(state)}/${toxic}` });
      }
      if (redirect !== undefined) await endRedirect(ctx, proxy, redirect);
    },
    async probeOff(ctx, state) {
      const proxy = await proxyOf(ctx, state.namespace);
      if (proxy === undefined) return { holds: false, seen: 'the proxy is not ready' };
      const left = await ours(ctx, proxy, state);
      if (left.length > 0) return { holds: false, seen: `${left.join(', ')} are there` };
      const found = await client(ctx, state, TRIPS);
      const middle = median(found.took_ms);
      const holds = found.exit_code === 0 && middle !== undefined && middle < USUAL_MS;
      return { holds, seen: outcomeOf(found) };
    },
  });
}
