import * as v from 'valibot';
import { chooseContainers, Container, ContainerChoice, processesNow } from './containers.ts';
import { defineFault, type Fault, type FaultContext, type Probe } from './fault.ts';
import { signalOn } from './node.ts';
import { freshPods } from './trial.ts';

type Containers = readonly Container[];

/** Sends a signal to the processes of containers that are still the same ones. */
export async function signalAll(containers: Containers, signal: 'KILL' | 'STOP' | 'CONT'): Promise<void> {
  for (const one of containers) {
    const pids = (await processesNow(one)).map(({ pid }) => pid);
    await signalOn(one.node, signal, pids);
  }
}

/** A fault that acts on one container of each of some pods. */
export function containerFault(fault: {
  readonly name: string;
  readonly breaks: string;
  /** What becomes of the containers, as the end of a sentence about them. */
  readonly harm: string;
  inject(containers: Containers): Promise<void>;
  probeOn(ctx: FaultContext, containers: Containers): Promise<Probe>;
  heal(containers: Containers): Promise<void>;
  probeOff(ctx: FaultContext, containers: Containers): Promise<Probe>;
}): Fault {
  const { name, breaks, harm } = fault;
  return defineFault({
    name,
    breaks,
    radius: { reach: 'own', pods_max: 10 },
    options: v.strictObject(ContainerChoice),
    state: v.object({ containers: v.array(Container) }),
    async example(trial) {
      await freshPods(trial);
      return { labels: 'app=shop', count: 1 };
    },
    async plan(ctx, options, namespace) {
      const { containers, targets, matching } = await chooseContainers(ctx, options, namespace);
      return {
        targets,
        harm: `a container of ${targets.length} of ${matching} pods with ${options.labels} ${harm}`,
        state: { containers },
      };
    },
    inject: (_ctx, { containers }) => fault.inject(containers),
    probeOn: (ctx, { containers }) => fault.probeOn(ctx, containers),
    heal: (_ctx, { containers }) => fault.heal(containers),
    probeOff: (ctx, { containers }) => fault.probeOff(ctx, containers),
  });
}
