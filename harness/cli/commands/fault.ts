import { setTimeout as delay } from 'node:timers/promises';
import { Command, Option } from '@commander-js/extra-typings';
import { EXIT, UsageError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import type { Fault, FaultContext, FaultPlan } from '#harness/faults/fault.ts';
import type { FaultBounds } from '#harness/faults/plan.ts';
import type { CliContext } from '../context.ts';
import type { CommandEnd } from '../exit.ts';
import { jsonOption, wholeNumber } from '../options.ts';

const EXAMPLES = `
A fault heals when its lease ends, when the command ends (Ctrl-C), and when the command is killed: its warden sees to that.

Examples:
  mettle fault list
  mettle fault pod-kill --cluster mettle-play --namespace shop --option labels=app=shop --option count=1 --dry-run
  mettle fault container-stop --cluster mettle-play --namespace shop --option labels=app=shop --lease 30
  mettle fault bad-release --cluster mettle-play --namespace shop --option document=errors-50 --lease 120
  mettle fault pod-kill --cluster mettle-play --namespace shop --option labels=app=shop --at 'weight 20'`;

/** Longest lease that a person can ask for, in seconds. */
const LEASE_MAX_S = 3600;
const LEASE_S = 60;
/** How long a moment of a rollout is awaited, in seconds. */
const MOMENT_S = 1800;
/** Between two lines that say for how long it is on, in seconds. */
const TELL_S = 5;

interface FaultFlags {
  readonly cluster?: string;
  readonly namespace?: string;
  readonly option?: readonly string[];
  readonly lease: number;
  readonly at?: string;
  readonly alone?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

/** The flags once it is known that those which a fault cannot do without are there. */
type Placed = FaultFlags & { readonly cluster: string; readonly namespace: string };

/** Not left to the parser: a command's mandatory options are asked of its subcommands too. @throws UsageError */
function placed({ cluster, namespace, ...rest }: FaultFlags): Placed {
  if (cluster !== undefined && namespace !== undefined) return { cluster, namespace, ...rest };
  const missing = cluster === undefined ? '--cluster' : '--namespace';
  throw new UsageError(`required option ${missing} <name> not specified`, {
    next: '`mettle cluster list` shows the clusters; `mettle fault --help` has examples',
  });
}

function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** @throws UsageError naming those that are near */
async function faultNamed(name: string): Promise<Fault> {
  const { FAULTS } = await import('#harness/faults/catalogue.ts');
  const found = FAULTS.find((one) => one.name === name);
  if (found !== undefined) return found;
  const { nearest } = await import('#harness/core/nearest.ts');
  const near = nearest(
    name,
    FAULTS.map((one) => one.name),
  );
  throw new UsageError(`there is no fault ${JSON.stringify(name)}`, {
    next:
      near.length > 0
        ? `did you mean ${near.join(' or ')}? \`mettle fault list\` shows all`
        : '`mettle fault list` shows all',
  });
}

function listCommand(context: CliContext, done: (end: CommandEnd) => void) {
  return new Command('list')
    .description('list the faults: what each breaks, how far it may reach, what it can be told')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  mettle fault list --json')
    .action(async (_options, command) => {
      // The parser gives an option that both have to the command above.
      const { json } = command.optsWithGlobals();
      const { FAULTS } = await import('#harness/faults/catalogue.ts');
      if (json) {
        const listed = FAULTS.map(({ name, breaks, radius, options, trial_needs }) => ({
          name,
          breaks,
          radius,
          options,
          needs: trial_needs,
        }));
        context.out(`${JSON.stringify(listed, undefined, 2)}\n`);
      } else {
        for (const one of FAULTS) context.out(describe(one));
      }
      done({ exit_code: EXIT.pass, why: `${FAULTS.length} faults` });
    });
}

function describe({ name, breaks, radius, options }: Fault): string {
  const reach = radius.reach === 'own' ? 'in one namespace' : 'parts that all share; needs --alone';
  const pods = radius.pods_max > 0 ? `, ${radius.pods_max} pods at most` : '';
  const told = options.map(
    (one) =>
      `      ${one.name}=${one.takes}${one.required ? '' : ' (optional)'}${one.meaning ? `: ${one.meaning}` : ''}\n`,
  );
  return `${name}\n    ${breaks}\n    reach: ${reach}${pods}\n${told.join('')}`;
}

/** `mettle fault`: breaks something on purpose, for as long as its lease lasts. */
export function faultCommand(context: CliContext, done: (end: CommandEnd) => void) {
  const command = new Command('fault')
    .description('break something on a cluster for a while, seen to be on and seen to be healed')
    .argument('<name>', 'fault; `mettle fault list` shows them')
    .addOption(new Option('--cluster <name>', 'cluster that Mettle made or was given'))
    .addOption(new Option('--namespace <name>', 'namespace that it may act in'))
    .addOption(
      new Option('--option <key=value>', 'what the fault can be told; repeatable').argParser(collect),
    )
    .addOption(
      new Option('--lease <seconds>', 'time after which it heals by itself')
        .argParser(wholeNumber(1, LEASE_MAX_S))
        .default(LEASE_S),
    )
    .option('--at <moment>', "wait for a rollout: 'weight 20', promotion, abort or scale-down")
    .addOption(
      new Option('--alone', 'nobody else uses the cluster: allows faults of shared parts').preset(
        true as const,
      ),
    )
    .addOption(new Option('--dry-run', 'print targets and worst case; touch nothing').preset(true as const))
    .addOption(jsonOption().preset(true as const))
    .addHelpText('after', EXAMPLES)
    .action(async (name, flags) => {
      done(await breakIt(name, flags, context));
    });
  command.addCommand(listCommand(context, done));
  return command;
}

/** What is said of a fault before it is injected, and of one that is not. */
function planned(fault: Fault, plan: FaultPlan<unknown>, flags: Placed, cluster: string) {
  return {
    fault: fault.name,
    breaks: fault.breaks,
    cluster,
    namespace: flags.namespace,
    targets: plan.targets,
    worst_case: plan.harm,
    lease_s: flags.lease,
  };
}

function tell({ out }: CliContext, told: ReturnType<typeof planned>): void {
  out(`${told.fault}: ${told.breaks}\n`);
  for (const target of told.targets) out(`  target: ${target}\n`);
  out(`  worst case: ${told.worst_case}\n`);
  out(`  heals by itself after ${told.lease_s} s\n`);
}

async function breakIt(name: string, given: FaultFlags, context: CliContext): Promise<CommandEnd> {
  // What is wrong with the command itself is said before any cluster is asked.
  const fault = await faultNamed(name);
  const flags = placed(given);
  const { parseOptions } = await import('#harness/faults/options.ts');
  const { parseMoment } = await import('#harness/faults/moment.ts');
  const options = parseOptions(fault.name, fault.options, flags.option ?? []);
  const moment = flags.at === undefined ? undefined : parseMoment(flags.at);
  const { clusterName } = await import('#harness/cluster/names.ts');
  const { guardCluster } = await import('#harness/cluster/guard.ts');
  const { kubeClient } = await import('#harness/kube/client.ts');
  const { planFault } = await import('#harness/faults/plan.ts');
  const bounds: FaultBounds = {
    namespace: flags.namespace,
    lease_s: flags.lease,
    run_s: LEASE_MAX_S,
    alone: flags.alone ?? false,
  };
  const cluster = await guardCluster({ name: clusterName(flags.cluster) });
  await using kube = kubeClient(cluster);
  const { signal, phases } = context;
  const quiet: FaultContext = { kube, cluster, progress: () => undefined, signal };
  if (flags.dryRun) {
    const told = planned(fault, await planFault(quiet, fault, options, bounds), flags, cluster.name);
    if (flags.json) context.out(`${JSON.stringify({ dry_run: true, ...told }, undefined, 2)}\n`);
    else tell(context, told);
    return { exit_code: EXIT.pass, why: 'nothing was touched' };
  }
  const { sweep } = await import('#harness/faults/sweep.ts');
  await sweep({ progress: (line) => phases.say(line) });
  return await phases.phase(`Fault ${fault.name}`, `fault ${fault.name}`, async (progress) => {
    const { untilMoment } = await import('#harness/faults/moment.ts');
    const ctx: FaultContext = { ...quiet, progress };
    if (moment !== undefined) {
      await untilMoment(ctx, flags.namespace, moment, { deadline_s: MOMENT_S, signal, progress });
    }
    return await holdFault(ctx, fault, options, bounds, flags, context);
  });
}

async function holdFault(
  ctx: FaultContext,
  fault: Fault,
  options: unknown,
  bounds: FaultBounds,
  flags: Placed,
  context: CliContext,
): Promise<CommandEnd> {
  const { injectFault } = await import('#harness/faults/inject.ts');
  const began = Date.now();
  const active = await injectFault(ctx, fault, options, bounds);
  const injected_at = new Date(began).toISOString();
  const told = planned(fault, active.plan, flags, ctx.cluster.name);
  if (!flags.json) {
    tell(context, told);
    context.out(`  on since ${injected_at}: ${active.on.seen}\n`);
  }
  await untilLeaseEnds(began + flags.lease * 1000, context.signal, ctx.progress);
  const off = await active.heal();
  const healed_at = new Date().toISOString();
  const lasted_s = (Date.now() - began) / 1000;
  if (flags.json) {
    const end = { injected_at, on: active.on.seen, healed_at, off: off.seen };
    context.out(`${JSON.stringify({ ...told, ...end }, undefined, 2)}\n`);
  } else {
    context.out(`  healed at ${healed_at}: ${off.seen}\n`);
  }
  return {
    exit_code: EXIT.pass,
    why: `${fault.name} was on for ${lasted_s.toFixed(0)} s and is gone: ${off.seen}`,
  };
}

/** Waits until the lease ends or the person ends the command, and says now and then for how long. */
async function untilLeaseEnds(ends_at: number, signal: AbortSignal, progress: Progress): Promise<void> {
  for (let left_ms = ends_at - Date.now(); left_ms > 0 && !signal.aborted; left_ms = ends_at - Date.now()) {
    progress(`it is on; heals in ${Math.ceil(left_ms / 1000)} s (Ctrl-C heals now)`);
    await delay(Math.min(left_ms, TELL_S * 1000), undefined, { signal }).catch(() => undefined);
  }
}
