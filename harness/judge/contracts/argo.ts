import type { Rule } from '../rule.ts';
import { a1 } from './argo/a1.ts';

/** The rule of each of Argo Rollouts' contracts. */
export const ARGO_CONTRACT_RULES: readonly Rule[] = [a1];
