import * as v from 'valibot';
import { outcomeOf, toxicFault } from './toxic.ts';
import { dependencyOf, UPSTREAM } from './upstream.ts';

/** Breaks each connection to what the run depends on as soon as something is sent on it. */
export const networkReset = toxicFault({
  name: 'network-reset',
  breaks: "resets each connection to the shop's database, or to a Service, as soon as it is used",
  options: v.strictObject({
    after_ms: v.optional(
      v.pipe(
        v.number(),
        v.integer(),
        v.minValue(0),
        v.maxValue(10_000),
        v.description('time from what was sent to the reset, in ms; 0 when absent'),
      ),
      0,
    ),
    ...UPSTREAM,
  }),
  example: () => ({}),
  harm: (options) => `no question reaches ${dependencyOf(options)}: each connection is reset when it is used`,
  toxics: ({ after_ms }) => [{ type: 'reset_peer', stream: 'upstream', attributes: { timeout: after_ms } }],
  met: (found) => ({
    holds:
      found.exit_code !== 0 && /reset by peer|closed the connection unexpectedly|EOF/i.test(found.stderr),
    seen: outcomeOf(found),
  }),
});
