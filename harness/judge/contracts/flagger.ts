import type { Rule } from '../rule.ts';
import { f1 } from './flagger/f1.ts';

/** The rule of each of Flagger's contracts. */
export const FLAGGER_CONTRACT_RULES: readonly Rule[] = [f1];
