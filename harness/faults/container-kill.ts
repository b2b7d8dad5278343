import * as v from 'valibot';
import { chooseContainers, Container, ContainerChoice, containerNow, processesNow } from './containers.ts';
import { defineFault } from './fault.ts';
import { signalOn } from './node.ts';
import { freshPods } from './trial.ts';

/** Ends containers by SIGKILL, as the kernel does when memory runs out. The kubelet starts them again in the same pod. */
export const containerKill = defineFault({
  name: 'container-kill',
  breaks: 'ends a container of pods by SIGKILL; whoever it is answering gets no answer',
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
      harm: `a container of ${targets.length} of ${matching} pods with ${options.labels} is down until the kubelet has started it again`,
      state: { containers },
    };
  },
  async inject(_ctx, { containers }) {
    for (const one of containers) {
      const pids = (await processesNow(one)).map(({ pid }) => pid);
      await signalOn(one.node, 'KILL', pids);
    }
  },
  async probeOn(ctx, { containers }) {
    const now = await Promise.all(containers.map((one) => containerNow(ctx, one)));
    const ended = now.filter(
      (one, index) => one === undefined || one.restarts > (containers[index]?.restarts ?? 0),
    );
    return {
      holds: ended.length === containers.length,
      seen: `the kubelet restarted ${ended.length} of ${containers.length} containers`,
    };
  },
  // The kubelet starts them again.
  heal: () => Promise.resolve(),
  async probeOff(ctx, { containers }) {
    const now = await Promise.all(containers.map((one) => containerNow(ctx, one)));
    const well = now.filter((one) => one === undefined || one.ready);
    return {
      holds: well.length === containers.length,
      seen: `${well.length} of ${containers.length} containers are ready or replaced`,
    };
  },
});
