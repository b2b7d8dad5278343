import type { Rule } from '../rule.ts';
import { c1 } from './practices/answers-alike.ts';
import { notBlamed } from './practices/not-blamed.ts';
import { p5, p7, p8, p9, takenBackByCheck } from './practices/taken-back.ts';

/** The rules of what teams ask of a rollout, whichever controller carries it out. */
export const PRACTICE_RULES: readonly Rule[] = [
  takenBackByCheck('P1'),
  takenBackByCheck('P2'),
  takenBackByCheck('P3'),
  takenBackByCheck('P4'),
  p5,
  takenBackByCheck('P6'),
  p7,
  p8,
  p9,
  notBlamed('N1', 'fault'),
  notBlamed('N2', 'none'),
  notBlamed('N3', 'fault'),
  notBlamed('N4', 'fault'),
  notBlamed('N5', 'fault'),
  c1,
];
