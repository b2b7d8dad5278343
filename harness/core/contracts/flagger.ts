import type { Contract } from './contract.ts';

/** What Flagger promises, in the order of the ids. */
export const FLAGGER_CONTRACTS: readonly Contract[] = [
  {
    id: 'F1',
    controller: 'flagger',
    promise:
      'Failing checks roll the release back at the threshold: all traffic to the primary, no pod of the canary, phase Failed.',
    source:
      'Flagger documentation, usage/how-it-works.md; pkg/controller/scheduler.go (advanceCanary) of 1.44.0',
    threads: ['fluxcd/flagger#1754'],
  },
];
