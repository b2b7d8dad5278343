import { ARGO_CONTRACTS } from './argo.ts';
import type { Contract } from './contract.ts';
import { FLAGGER_CONTRACTS } from './flagger.ts';

/** Every contract that is known, Flagger's first. */
export const CONTRACTS: readonly Contract[] = [...FLAGGER_CONTRACTS, ...ARGO_CONTRACTS];

/** The contract of that id. Throws Error when there is none: an id is written by us, never by a user. */
export function contractOf(id: string): Contract {
  const found = CONTRACTS.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no contract ${id}`);
  return found;
}
