import type { ArgoRollout } from '../argo-rollout.ts';
import type { FlaggerRollout } from '../flagger-rollout.ts';

/** A good release under the steady load, which is to be promoted. */
export const GOOD_RELEASE = {
  release: 'good',
  expected: 'promotion',
  bad_answers_pct: 0,
  load: 'steady-300',
} as const;

/** A release that answers every other request with an error, under the steady load, which is to be rolled back. */
export const BAD_RELEASE = {
  release: 'errors-50',
  expected: 'rollback',
  bad_answers_pct: 50,
  load: 'steady-300',
} as const;

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
