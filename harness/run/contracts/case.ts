import type { ArgoRollout } from '../argo-rollout.ts';
import type { FlaggerRollout } from '../flagger-rollout.ts';

/** One row of a table of contracts: a rollout, and what it settles. */
interface ContractCase<Rollout> {
  /** Added to the scenario's name, in kebab case. */
  readonly name: string;
  /** The promise, as a full sentence. */
  readonly title: string;
  readonly rollout: Rollout;
}

export type FlaggerCase = ContractCase<FlaggerRollout>;
export type ArgoCase = ContractCase<ArgoRollout>;
