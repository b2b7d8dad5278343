import * as v from 'valibot';
import type { RunningCluster } from '#harness/cluster/types.ts';
import { UsageError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import type { ComponentName } from '#harness/stack/component.ts';
import { describeOptions, type OptionDescription } from './options.ts';

/** What a fault acts with: a guarded cluster and nothing else, so that the warden can heal it as well. */
export interface FaultContext {
  readonly kube: KubeClient;
  readonly cluster: RunningCluster;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** What a fault will do, found out by reading alone: nothing is touched before it is on the disk. */
export interface FaultPlan<State> {
  /** Subjects of what it acts on, as `Pod/namespace/name`; a fault that would act on nothing is refused. */
  readonly targets: readonly string[];
  /** What users or operators meet at worst, as a sentence. */
  readonly harm: string;
  /** All that injecting, probing and healing need; it is kept as JSON. */
  readonly state: State;
}

/** What an independent look found. */
export interface Probe {
  readonly holds: boolean;
  /** What was seen, with numbers where there are any. */
  readonly seen: string;
}

/** How far a fault may reach. */
export interface BlastRadius {
  /** `own`: the run's namespace alone. `shared`: parts that others on the cluster use, so the run must be alone on it. */
  readonly reach: 'own' | 'shared';
  /** Most pods that it may act on at once. */
  readonly pods_max: number;
}

/**
 * Where a fault is tried out, by its own test and by the kill matrix: a namespace with the shop as a plain Deployment
 * `shop` of two ready pods (`app=shop`, container `shop`), its Service `shop` and a route through Traefik. Where the
 * cluster has PostgreSQL its orders are there, as the Secret `shop-database` says.
 */
export interface Trial {
  readonly ctx: FaultContext;
  readonly namespace: string;
}

/** What trying a fault out needs besides the shop. */
export interface TrialNeeds {
  readonly components?: readonly ComponentName[];
  /** Nodes of the cluster; one when absent. */
  readonly nodes?: number;
}

/** A fault as its file declares it. */
export interface FaultDefinition<Options extends v.GenericSchema, State extends v.GenericSchema> {
  /** Kebab case, as people ask for it: `pod-kill`. */
  readonly name: string;
  /** What it breaks and for whom, as a sentence. */
  readonly breaks: string;
  readonly radius: BlastRadius;
  /** Options with `v.description` on each, which `mettle fault list` shows. */
  readonly options: Options;
  readonly state: State;
  /** Longest time until it must be seen to be there, or to be gone, in seconds; 30 when absent. */
  readonly proof_s?: number;
  /** True when its `heal` works while the API server does not answer: the warden then asks that server for nothing before. */
  readonly without_api?: boolean;
  /** What trying it out needs of a cluster besides the shop. */
  readonly trial_needs?: TrialNeeds;
  /** Options that try it out in a trial namespace; may make there what it acts on, but injects nothing. */
  example(trial: Trial): v.InferInput<Options> | Promise<v.InferInput<Options>>;
  /** Finds the targets. Throws UsageError when the options name nothing or too much. */
  plan(
    ctx: FaultContext,
    options: v.InferOutput<Options>,
    namespace: string,
  ): Promise<FaultPlan<v.InferOutput<State>>>;
  inject(ctx: FaultContext, state: v.InferOutput<State>): Promise<void>;
  /** Looks whether the fault is there, by another way than it was injected by. */
  probeOn(ctx: FaultContext, state: v.InferOutput<State>): Promise<Probe>;
  /**
   * Undoes it, whether it was injected wholly, in part or not at all, and however often it is called: by the run, by its
   * warden, by the next start.
   */
  heal(ctx: FaultContext, state: v.InferOutput<State>): Promise<void>;
  /** Looks whether the fault is gone and what it broke works again. */
  probeOff(ctx: FaultContext, state: v.InferOutput<State>): Promise<Probe>;
}

/** A fault whose options and state were forgotten by the types: a catalogue holds many. They are checked when given. */
export interface Fault {
  readonly name: string;
  readonly breaks: string;
  readonly radius: BlastRadius;
  readonly proof_s: number | undefined;
  readonly without_api: boolean;
  readonly trial_needs: TrialNeeds;
  /** What it can be told. */
  readonly options: readonly OptionDescription[];
  example(trial: Trial): Promise<unknown>;
  /** @throws UsageError for options that it does not have or that do not fit */
  plan(ctx: FaultContext, options: unknown, namespace: string): Promise<FaultPlan<unknown>>;
  inject(ctx: FaultContext, state: unknown): Promise<void>;
  probeOn(ctx: FaultContext, state: unknown): Promise<Probe>;
  heal(ctx: FaultContext, state: unknown): Promise<void>;
  probeOff(ctx: FaultContext, state: unknown): Promise<Probe>;
}

function checked<Schema extends v.GenericSchema>(
  name: string,
  schema: Schema,
  given: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, given);
  if (result.success) return result.output;
  const mistakes = result.issues.map((issue) => `${v.getDotPath(issue) ?? 'options'}: ${issue.message}`);
  throw new UsageError(`fault ${name}: ${mistakes.join('; ')}`, {
    next: '`mettle fault list` shows what each fault can be told.',
  });
}

/** Declares a fault. */
export function defineFault<Options extends v.GenericSchema, State extends v.GenericSchema>(
  definition: FaultDefinition<Options, State>,
): Fault {
  const { name, breaks, radius } = definition;
  const stateOf = (state: unknown): v.InferOutput<State> => checked(name, definition.state, state);
  return {
    name,
    breaks,
    radius,
    proof_s: definition.proof_s,
    without_api: definition.without_api ?? false,
    trial_needs: definition.trial_needs ?? {},
    options: describeOptions(definition.options),
    example: async (trial) => await definition.example(trial),
    plan: async (ctx, options, namespace) =>
      await definition.plan(ctx, checked(name, definition.options, options), namespace),
    inject: (ctx, state) => definition.inject(ctx, stateOf(state)),
    probeOn: (ctx, state) => definition.probeOn(ctx, stateOf(state)),
    heal: (ctx, state) => definition.heal(ctx, stateOf(state)),
    probeOff: (ctx, state) => definition.probeOff(ctx, stateOf(state)),
  };
}
