import { ARGO_CONTRACTS } from './argo.ts';
import type { Contract } from './contract.ts';
import { FLAGGER_CONTRACTS } from './flagger.ts';
import { PRACTICES } from './practices.ts';
import { STACK_FAULTS } from './stack-faults.ts';

/** Every contract that is known: Flagger's, those of Argo Rollouts, and what teams ask of either. */
export const CONTRACTS: readonly Contract[] = [
  ...FLAGGER_CONTRACTS,
  ...ARGO_CONTRACTS,
  ...PRACTICES,
  ...STACK_FAULTS,
];

/** The contract of that id. Throws Error when there is none: an id is written by us, never by a user. */
export function contractOf(id: string): Contract {
  const found = CONTRACTS.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no contract ${id}`);
  return found;
}
