import type { Rule } from '../rule.ts';
import { f1 } from './flagger/f1.ts';
import { f3 } from './flagger/f3.ts';
import { f4 } from './flagger/f4.ts';
import { f5 } from './flagger/f5.ts';
import { f6 } from './flagger/f6.ts';
import { f7 } from './flagger/f7.ts';
import { f8 } from './flagger/f8.ts';
import { f9 } from './flagger/f9.ts';
import { f11 } from './flagger/f11.ts';
import { f12 } from './flagger/f12.ts';
import { f13 } from './flagger/f13.ts';
import { f14 } from './flagger/f14.ts';
import { f15 } from './flagger/f15.ts';
import { f16 } from './flagger/f16.ts';
import { f17 } from './flagger/f17.ts';
import { f18 } from './flagger/f18.ts';
import { f19 } from './flagger/f19.ts';
import { f20 } from './flagger/f20.ts';
import { f21 } from './flagger/f21.ts';
import { f23 } from './flagger/f23.ts';
import { f24 } from './flagger/f24.ts';
import { f25 } from './flagger/f25.ts';
import { f26 } from './flagger/f26.ts';
import { f27 } from './flagger/f27.ts';
import { f28 } from './flagger/f28.ts';
import { f29 } from './flagger/f29.ts';
import { f31 } from './flagger/f31.ts';
import { f32 } from './flagger/f32.ts';
import { f33 } from './flagger/f33.ts';
import { f35 } from './flagger/f35.ts';
import { f36 } from './flagger/f36.ts';

/** The rule of each of Flagger's contracts. */
export const FLAGGER_CONTRACT_RULES: readonly Rule[] = [
  f1,
  f3,
  f4,
  f5,
  f6,
  f7,
  f8,
  f9,
  f11,
  f12,
  f13,
  f14,
  f15,
  f16,
  f17,
  f18,
  f19,
  f20,
  f21,
  f23,
  f24,
  f25,
  f26,
  f27,
  f28,
  f29,
  f31,
  f32,
  f33,
  f35,
  f36,
];
