import type { Rule } from '../rule.ts';
import { s7 } from './stack-faults/ends.ts';
import { s1 } from './stack-faults/goes-on.ts';
import { s5 } from './stack-faults/told-first.ts';
import { unharmed } from './stack-faults/unharmed.ts';

/** The rules of what must hold while something of the rollout's own stack is broken. */
export const STACK_FAULT_RULES: readonly Rule[] = [
  s1,
  unharmed('S2'),
  unharmed('S3'),
  unharmed('S4'),
  s5,
  unharmed('S6'),
  s7,
];
