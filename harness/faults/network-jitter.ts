import * as v from 'valibot';
import { outcomeOf, toxicFault } from './toxic.ts';
import { dependencyOf, UPSTREAM } from './upstream.ts';

/** Answers that the probe measures: the odds that so many evenly spread ones lie within a quarter of the range are nil. */
const SAMPLES = 16;
/** What the rest of the way takes, and its timers. */
const ERROR_MS = 30;

const whole = (low: number, meaning: string) =>
  v.pipe(v.number(), v.integer(), v.minValue(low), v.maxValue(60_000), v.description(meaning));

/** Delays the answers of what the run depends on by times that differ. */
export const networkJitter = toxicFault({
  name: 'network-jitter',
  breaks: "delays each answer of the shop's database, or of a Service, by another time",
  options: v.pipe(
    v.strictObject({
      delay_ms: whole(10, 'delay in the middle, in ms'),
      jitter_ms: whole(5, 'how far a delay may be from that, in ms; evenly spread'),
      ...UPSTREAM,
    }),
    v.check(
      ({ delay_ms, jitter_ms }) => jitter_ms <= delay_ms,
      'jitter_ms must not be more than delay_ms: nothing answers before it was asked',
    ),
  ),
  example: () => ({ delay_ms: 100, jitter_ms: 80 }),
  harm: ({ delay_ms, jitter_ms, ...options }) =>
    `each question to ${dependencyOf(options)} takes ${delay_ms - jitter_ms} to ${delay_ms + jitter_ms} ms longer`,
  toxics: ({ delay_ms, jitter_ms }) => [
    { type: 'latency', stream: 'downstream', attributes: { latency: delay_ms, jitter: jitter_ms } },
  ],
  trips: SAMPLES,
  met: (found, { delay_ms, jitter_ms }) => {
    const least = Math.min(...found.took_ms);
    const most = Math.max(...found.took_ms);
    const holds =
      found.took_ms.length === SAMPLES &&
      least >= delay_ms - jitter_ms - 1 &&
      most <= delay_ms + jitter_ms + ERROR_MS &&
      most - least >= jitter_ms / 2;
    return { holds, seen: outcomeOf(found) };
  },
});
