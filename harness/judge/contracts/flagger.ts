import type { Rule } from '../rule.ts';
import { f1 } from './flagger/f1.ts';
import { f11 } from './flagger/f11.ts';
import { f20 } from './flagger/f20.ts';
import { f21 } from './flagger/f21.ts';
import { f23 } from './flagger/f23.ts';
import { f24 } from './flagger/f24.ts';
import { f25 } from './flagger/f25.ts';
import { f3 } from './flagger/f3.ts';
import { f33 } from './flagger/f33.ts';
import { f35 } from './flagger/f35.ts';
import { f36 } from './flagger/f36.ts';
import { f4 } from './flagger/f4.ts';
import { f5 } from './flagger/f5.ts';
import { f6 } from './flagger/f6.ts';
import { f7 } from './flagger/f7.ts';
import { f8 } from './flagger/f8.ts';
import { f9 } from './flagger/f9.ts';

/** The rule of each of Flagger's contracts. */
export const FLAGGER_CONTRACT_RULES: readonly Rule[] = [f1, f3, f4, f5, f6, f7, f8, f9, f11, f20, f21, f23, f24, f25, f33, f35, f36];
