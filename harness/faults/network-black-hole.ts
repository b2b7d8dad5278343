import * as v from 'valibot';
import { outcomeOf, toxicFault } from './toxic.ts';

/** Swallows everything between the shop and its database, with the connections left open. */
export const networkBlackHole = toxicFault({
  name: 'network-black-hole',
  breaks: 'swallows everything between the shop and its database; nobody is told that nothing arrives',
  options: v.strictObject({}),
  example: () => ({}),
  harm: () => 'each question of the shop to its database times out; none is done',
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
