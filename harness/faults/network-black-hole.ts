import * as v from 'valibot';
import { outcomeOf, toxicFault } from './toxic.ts';
import { dependencyOf, UPSTREAM } from './upstream.ts';

/** Swallows everything to and from what the run depends on, with the connections left open. */
export const networkBlackHole = toxicFault({
  name: 'network-black-hole',
  breaks:
    "swallows everything to and from the shop's database, or a Service; nobody is told that nothing arrives",
  options: v.strictObject({ ...UPSTREAM }),
  example: () => ({}),
  harm: (options) => `each question to ${dependencyOf(options)} times out; none is done`,
  toxics: () =>
    (['upstream', 'downstream'] as const).map((stream) => ({
      type: 'timeout',
      stream,
      attributes: { timeout: 0 },
    })),
  met: (found) => ({
    holds: found.exit_code !== 0 && /timeout expired/.test(found.stderr),
    seen: outcomeOf(found),
  }),
});
