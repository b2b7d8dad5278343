import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { defineFault, type FaultContext } from './fault.ts';
import { beginPressure, choosePressure, HELD_MAX, PRESSURE_END, PressurePod, readProc } from './pressure.ts';

/** Linux tells the time of processors in hundredths of a second, whatever its own clock. */
const TICKS_PER_S = 100;
/** Long enough for the ticks, and for the slices of 100 ms in which a limit is dealt out. */
const MEASURED_MS = 2000;
/** The measured use may be off by this share: on a busy machine not all that is allowed is had. */
const ERROR = 0.25;

/** As many threads as cores are wanted, each of which never waits. */
function program(cores: number): string {
  const threads = Math.ceil(cores);
  return `
const { Worker } = require('node:worker_threads');
for (let left = ${threads - 1}; left > 0; left -= 1) new Worker('for (;;);', { eval: true });
setImmediate(() => { for (;;); });`;
}

async function ticksOf(ctx: FaultContext, pod: v.InferOutput<typeof PressurePod>): Promise<number> {
  const text = await readProc(ctx, pod, 'stat');
  // Fields 14 and 15 of proc_pid_stat(5); the program's name, in brackets, may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** Burns processor time on the node of the shop. */
export const cpuPressure = defineFault({
  name: 'cpu-pressure',
  breaks: 'burns processor time on the node of the shop, by a pod that may have so much and no more',
  radius: { reach: 'shared', pods_max: 0 },
  options: v.strictObject({
    cores: v.pipe(v.number(), v.minValue(0.1), v.maxValue(64), v.description('cores that are burnt')),
    ...HELD_MAX,
  }),
  state: v.object({ pod: PressurePod, cores: v.number() }),
  example: () => ({ cores: 0.3 }),
  async plan(ctx, { cores, held_max_s }, namespace) {
    const pod = await choosePressure(ctx, namespace, 'cpu', held_max_s);
    return {
      targets: [`Node/${pod.node}`],
      harm: `${cores} cores of ${pod.node} are gone for everybody on it, for ${held_max_s} s at most`,
      state: { pod, cores },
    };
  },
  inject: (ctx, { pod, cores }) =>
    beginPressure(ctx, pod, program(cores), { cpu: `${Math.round(cores * 1000)}m`, memory: '256Mi' }),
  async probeOn(ctx, { pod, cores }) {
    const before = await ticksOf(ctx, pod);
    const from = performance.now();
    await delay(MEASURED_MS);
    const after = await ticksOf(ctx, pod);
    const used = (after - before) / TICKS_PER_S / ((performance.now() - from) / 1000);
    return {
      holds: Math.abs(used / cores - 1) <= ERROR,
      seen: `${used.toFixed(2)} cores are burnt, asked for were ${cores}`,
    };
  },
  ...PRESSURE_END,
});
