import * as v from 'valibot';
import { median } from './psql.ts';
import { outcomeOf, toxicFault } from './toxic.ts';
import { dependencyOf, UPSTREAM } from './upstream.ts';

/** How far a measured delay may be from the one asked for: what the rest of the way takes, and its timers. */
const ERROR_MS = 30;

/** Delays each answer of what the run depends on by a fixed time. */
export const networkLatency = toxicFault({
  name: 'network-latency',
  breaks: "delays each answer of the shop's database, or of a Service; whoever waits for it waits longer",
  options: v.strictObject({
    delay_ms: v.pipe(
      v.number(),
      v.integer(),
      v.minValue(10),
      v.maxValue(60_000),
      v.description('delay of each answer, in ms'),
    ),
    ...UPSTREAM,
  }),
  example: () => ({ delay_ms: 200 }),
  harm: (options) => `each question to ${dependencyOf(options)} takes ${options.delay_ms} ms longer`,
  toxics: ({ delay_ms }) => [
    { type: 'latency', stream: 'downstream', attributes: { latency: delay_ms, jitter: 0 } },
  ],
  met: (found, { delay_ms }) => {
    const middle = median(found.took_ms) ?? 0;
    return {
      holds: middle >= delay_ms - 1 && middle <= delay_ms + ERROR_MS,
      seen: `${outcomeOf(found)}; asked for were ${delay_ms} ms, ${ERROR_MS} ms more at most`,
    };
  },
});
