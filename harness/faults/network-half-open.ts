import * as v from 'valibot';
import { outcomeOf, toxicFault } from './toxic.ts';
import { dependencyOf, UPSTREAM } from './upstream.ts';

/** Lets what is sent reach what the run depends on, and none of the answers come back, with the connections left open. */
export const networkHalfOpen = toxicFault({
  name: 'network-half-open',
  breaks:
    "swallows the answers of the shop's database, or of a Service, while it receives and does what it is asked",
  options: v.strictObject({ ...UPSTREAM }),
  example: () => ({}),
  harm: (options) =>
    `${dependencyOf(options)} does what it is asked, and whoever asked does not hear of it and waits`,
  toxics: () => [{ type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } }],
  met: (found) => ({
    holds: found.exit_code !== 0 && /timeout expired/.test(found.stderr),
    seen: outcomeOf(found),
  }),
});
