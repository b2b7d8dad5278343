import * as v from 'valibot';
import { outcomeOf, toxicFault } from './toxic.ts';

/** Time that the probe's answer should take at the limit, in seconds: long against timers, short against patience. */
const SAMPLE_S = 1;
/** The measured rate may be off by this share. */
const ERROR = 0.15;

const bytesOf = (limit_kb_s: number): number => limit_kb_s * 1000 * SAMPLE_S;

/** Limits how fast the shop's database can answer. */
export const networkBandwidth = toxicFault({
  name: 'network-bandwidth',
  breaks: "limits the rate at which answers of the shop's database come through; large ones take long",
  options: v.strictObject({
    limit_kb_s: v.pipe(
      v.number(),
      v.integer(),
      v.minValue(1),
      v.maxValue(10_000),
      v.description('thousands of bytes that come through in a second, of each connection'),
    ),
  }),
  example: () => ({ limit_kb_s: 100 }),
  harm: ({ limit_kb_s }) =>
    `of each connection of the shop to its database, ${limit_kb_s} kB come through in a second`,
  toxics: ({ limit_kb_s }) => [{ type: 'bandwidth', stream: 'downstream', attributes: { rate: limit_kb_s } }],
  ask: ({ limit_kb_s }) => `SELECT repeat('x', ${bytesOf(limit_kb_s)}) \\g /dev/null\n`,
  met: (found, { limit_kb_s }) => {
    const [took_ms = 0] = found.took_ms;
    const rate_kb_s = took_ms > 0 ? bytesOf(limit_kb_s) / took_ms : 0;
    const holds = found.exit_code === 0 && Math.abs(rate_kb_s / limit_kb_s - 1) <= ERROR;
    const measured = `${rate_kb_s.toFixed(1)} kB/s of ${limit_kb_s} came through`;
    return { holds, seen: found.exit_code === 0 ? measured : outcomeOf(found) };
  },
});
