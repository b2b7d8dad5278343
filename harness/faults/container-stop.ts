import * as v from 'valibot';
import { chooseContainers, Container, ContainerChoice, containerNow, processesNow } from './containers.ts';
import { defineFault } from './fault.ts';
import { signalOn } from './node.ts';
import { freshPods } from './trial.ts';

const STOPPED = 'T';

/** Stops containers by SIGSTOP, as a process that hangs: connections are taken and never answered. SIGCONT heals. */
export const containerStop = defineFault({
  name: 'container-stop',
  breaks: 'stops a container of pods by SIGSTOP; whoever asks it waits until it gives up',
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
      harm: `a container of ${targets.length} of ${matching} pods with ${options.labels} answers nobody; its readiness probe takes it out of service, its liveness probe may end it`,
      state: { containers },
    };
  },
  async inject(_ctx, { containers }) {
    for (const one of containers) {
      await signalOn(
        one.node,
        'STOP',
        (await processesNow(one)).map(({ pid }) => pid),
      );
    }
  },
  async probeOn(_ctx, { containers }) {
    const now = await Promise.all(containers.map(processesNow));
    const stopped = now.filter((all) => all.length > 0 && all.every(({ state }) => state === STOPPED));
    return {
      holds: stopped.length === containers.length,
      seen: `${stopped.length} of ${containers.length} containers stand still`,
    };
  },
  async heal(_ctx, { containers }) {
    for (const one of containers) {
      await signalOn(
        one.node,
        'CONT',
        (await processesNow(one)).map(({ pid }) => pid),
      );
    }
  },
  async probeOff(ctx, { containers }) {
    const still = (await Promise.all(containers.map(processesNow)))
      .flat()
      .filter(({ state }) => state === STOPPED);
    const now = await Promise.all(containers.map((one) => containerNow(ctx, one)));
    const ready = now.filter((one) => one === undefined || one.ready).length;
    return {
      holds: still.length === 0 && ready === containers.length,
      seen: `${still.length} processes stand still; ${ready} of ${containers.length} containers are ready or replaced`,
    };
  },
});
