import { contractSetFor } from '#harness/core/contracts/sets.ts';
import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule, type Rule } from '../rule.ts';
import { ARGO_CONTRACT_RULES } from './argo.ts';
import { FLAGGER_CONTRACT_RULES } from './flagger.ts';
import { PRACTICE_RULES } from './practices.ts';
import { STACK_FAULT_RULES } from './stack-faults.ts';

const RULES: ReadonlyMap<string, Rule> = new Map(
  [...FLAGGER_CONTRACT_RULES, ...ARGO_CONTRACT_RULES, ...PRACTICE_RULES, ...STACK_FAULT_RULES].map((one) => [
    one.id,
    one,
  ]),
);

/** An old run may name a contract that is judged by no rule any more. */
function unknown(id: string): Rule {
  return rule(id, `contract ${id}`, () => {
    throw new MissingEvidence(`no rule judges contract ${id}`);
  });
}

/** The same rule with a remark on each of its verdicts. */
function marked(one: Rule, remark: string): Rule {
  return { id: one.id, judge: (timeline) => ({ ...one.judge(timeline), remark }) };
}

/**
 * The rules of the contracts that a run declares to settle. A version of the controller that has no set of contracts is
 * judged by the nearest one that has, and each verdict says so.
 * @param versions of the run's components, by name
 */
export function contractRules(
  { contracts = [], controller }: Pick<RolloutSpec, 'contracts' | 'controller'>,
  versions: Readonly<Record<string, string>> = {},
): readonly Rule[] {
  const { remark } = contractSetFor(controller, versions[controller]);
  const rules = contracts.map((id) => RULES.get(id) ?? unknown(id));
  return remark === undefined ? rules : rules.map((one) => marked(one, remark));
}
