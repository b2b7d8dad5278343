import type { RolloutSpec } from '#harness/core/timeline.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule, type Rule } from '../rule.ts';
import { ARGO_CONTRACT_RULES } from './argo.ts';
import { FLAGGER_CONTRACT_RULES } from './flagger.ts';

const RULES: ReadonlyMap<string, Rule> = new Map(
  [...FLAGGER_CONTRACT_RULES, ...ARGO_CONTRACT_RULES].map((one) => [one.id, one]),
);

/** An old run may name a contract that is judged by no rule any more. */
function unknown(id: string): Rule {
  return rule(id, `contract ${id}`, () => {
    throw new MissingEvidence(`no rule judges contract ${id}`);
  });
}

/** The rules of the contracts that a run declares to settle. */
export function contractRules({ contracts = [] }: Pick<RolloutSpec, 'contracts'>): readonly Rule[] {
  return contracts.map((id) => RULES.get(id) ?? unknown(id));
}
