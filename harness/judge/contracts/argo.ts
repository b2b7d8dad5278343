import type { Rule } from '../rule.ts';
import { a1 } from './argo/a1.ts';
import { a10 } from './argo/a10.ts';
import { a11 } from './argo/a11.ts';
import { a12 } from './argo/a12.ts';
import { a13 } from './argo/a13.ts';
import { a14 } from './argo/a14.ts';
import { a15 } from './argo/a15.ts';
import { a16 } from './argo/a16.ts';
import { a17 } from './argo/a17.ts';
import { a19 } from './argo/a19.ts';
import { a2 } from './argo/a2.ts';
import { a20 } from './argo/a20.ts';
import { a21 } from './argo/a21.ts';
import { a22 } from './argo/a22.ts';
import { a23 } from './argo/a23.ts';
import { a24 } from './argo/a24.ts';
import { a25 } from './argo/a25.ts';
import { a27 } from './argo/a27.ts';
import { a28 } from './argo/a28.ts';
import { a3 } from './argo/a3.ts';
import { a30 } from './argo/a30.ts';
import { a32 } from './argo/a32.ts';
import { a33 } from './argo/a33.ts';
import { a34 } from './argo/a34.ts';
import { a4 } from './argo/a4.ts';
import { a5 } from './argo/a5.ts';
import { a6 } from './argo/a6.ts';
import { a7 } from './argo/a7.ts';
import { a8 } from './argo/a8.ts';
import { a9 } from './argo/a9.ts';

/** The rule of each of Argo Rollouts' contracts. */
export const ARGO_CONTRACT_RULES: readonly Rule[] = [
  a1,
  a2,
  a3,
  a4,
  a5,
  a6,
  a7,
  a8,
  a9,
  a10,
  a11,
  a12,
  a13,
  a14,
  a15,
  a16,
  a17,
  a19,
  a20,
  a21,
  a22,
  a23,
  a24,
  a25,
  a27,
  a28,
  a30,
  a32,
  a33,
  a34,
];
