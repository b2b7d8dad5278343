import type { Rule } from '../rule.ts';
import { a1 } from './argo/a1.ts';
import { a12 } from './argo/a12.ts';
import { a13 } from './argo/a13.ts';
import { a21 } from './argo/a21.ts';
import { a34 } from './argo/a34.ts';

/** The rule of each of Argo Rollouts' contracts. */
export const ARGO_CONTRACT_RULES: readonly Rule[] = [a1, a12, a13, a21, a34];
