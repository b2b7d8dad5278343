import type { Fault } from './fault.ts';
import { podKill } from './pod-kill.ts';

/** Every fault by its file, in the order in which they are listed. */
export const FAULTS: readonly Fault[] = [podKill];
