import * as v from 'valibot';
import { defineFault } from './fault.ts';
import { beginPressure, choosePressure, HELD_MAX, PRESSURE_END, PressurePod, readProc } from './pressure.ts';

/** What the program needs for itself, in MiB: the kernel lets it have so much more than it holds. */
const OWN_MIB = 160;
/** The measured size may be more by what the program needs for itself, and less by a page here and there. */
const LESS = 0.98;

/** Every page is written to: what was only asked for takes no memory. */
function program(held_mib: number): string {
  return `
const held = [];
for (let taken = 0; taken < ${held_mib}; taken += 1) held.push(Buffer.alloc(1024 * 1024, 1 + (taken % 250)));
setInterval(() => held.length, 60000);`;
}

/** Holds memory of the node of the shop. */
export const memoryPressure = defineFault({
  name: 'memory-pressure',
  breaks: 'holds memory of the node of the shop, by a pod that may have so much and no more',
  radius: { reach: 'shared', pods_max: 0 },
  options: v.strictObject({
    held_mib: v.pipe(
      v.number(),
      v.integer(),
      v.minValue(16),
      v.maxValue(64 * 1024),
      v.description('memory that is held, in MiB'),
    ),
    ...HELD_MAX,
  }),
  state: v.object({ pod: PressurePod, held_mib: v.number() }),
  example: () => ({ held_mib: 256 }),
  async plan(ctx, { held_mib, held_max_s }, namespace) {
    const pod = await choosePressure(ctx, namespace, 'memory', held_max_s);
    return {
      targets: [`Node/${pod.node}`],
      harm: `${held_mib} MiB of ${pod.node} are gone for everybody on it, for ${held_max_s} s at most`,
      state: { pod, held_mib },
    };
  },
  inject: (ctx, { pod, held_mib }) =>
    beginPressure(ctx, pod, program(held_mib), { cpu: '500m', memory: `${held_mib + OWN_MIB}Mi` }),
  async probeOn(ctx, { pod, held_mib }) {
    const resident = /^VmRSS:\s+(?<kib>\d+) kB$/m.exec(await readProc(ctx, pod, 'status'));
    const held = Number(resident?.groups?.['kib'] ?? 0) / 1024;
    return {
      holds: held >= held_mib * LESS && held <= held_mib + OWN_MIB,
      seen: `${held.toFixed(0)} MiB are held, asked for were ${held_mib}`,
    };
  },
  ...PRESSURE_END,
});
