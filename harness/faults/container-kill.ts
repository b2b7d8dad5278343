import { containerNow } from './containers.ts';
import { containerFault, signalAll } from './container-fault.ts';

/** Ends containers by SIGKILL, as the kernel does when memory runs out. The kubelet starts them again in the same pod. */
export const containerKill = containerFault({
  name: 'container-kill',
  breaks: 'ends a container of pods by SIGKILL; whoever it is answering gets no answer',
  harm: 'is down until the kubelet has started it again',
  inject: (containers) => signalAll(containers, 'KILL'),
  async probeOn(ctx, containers) {
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
  async probeOff(ctx, containers) {
    const now = await Promise.all(containers.map((one) => containerNow(ctx, one)));
    const well = now.filter((one) => one === undefined || one.ready);
    return {
      holds: well.length === containers.length,
      seen: `${well.length} of ${containers.length} containers are ready or replaced`,
    };
  },
});
