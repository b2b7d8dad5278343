import { containerNow, processesNow } from './containers.ts';
import { containerFault, signalAll } from './container-fault.ts';

const STOPPED = 'T';

/** Stops containers by SIGSTOP, as a process that hangs: connections are taken and never answered. SIGCONT heals. */
export const containerStop = containerFault({
  name: 'container-stop',
  breaks: 'stops a container of pods by SIGSTOP; whoever asks it waits until it gives up',
  harm: 'answers nobody; its readiness probe takes it out of service, its liveness probe may end it',
  inject: (containers) => signalAll(containers, 'STOP'),
  async probeOn(_ctx, containers) {
    const now = await Promise.all(containers.map(processesNow));
    const stopped = now.filter((all) => all.length > 0 && all.every(({ state }) => state === STOPPED));
    return {
      holds: stopped.length === containers.length,
      seen: `${stopped.length} of ${containers.length} containers stand still`,
    };
  },
  heal: (containers) => signalAll(containers, 'CONT'),
  async probeOff(ctx, containers) {
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
