import { gatherFacts } from './facts.ts';
import { type Check, judgeMachine } from './judge.ts';

/** Checks whether this machine is fit; every check that is not ok says how to mend it. Changes nothing. */
export async function doctor(): Promise<readonly Check[]> {
  return judgeMachine(await gatherFacts());
}
