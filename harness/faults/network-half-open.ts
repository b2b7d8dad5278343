import * as v from 'valibot';
import { outcomeOf, toxicFault } from './toxic.ts';

/** Lets what the shop sends reach its database, and none of the answers come back, with the connections left open. */
export const networkHalfOpen = toxicFault({
  name: 'network-half-open',
  breaks: "swallows the answers of the shop's database, while it receives and does what it is asked",
  options: v.strictObject({}),
  example: () => ({}),
  harm: () => 'orders may be kept of which neither the shop nor its users hear; each question times out',
  toxics: () => [{ type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } }],
  met: (found) => ({
    holds: found.exit_code !== 0 && /timeout expired/.test(found.stderr),
    seen: outcomeOf(found),
  }),
});
