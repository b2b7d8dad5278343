import { contractOf } from '#harness/core/contracts/contracts.ts';
import type { Rule } from '../../rule.ts';
import { labelTruth } from '../../rules/label-truth.ts';

/** The usual rule about labels, under the contract's name: what it follows is the whole run, whatever was done in it. */
export const a21: Rule = {
  id: 'A21',
  judge: (timeline) => ({ ...labelTruth.judge(timeline), rule: 'A21', promise: contractOf('A21').promise }),
};
