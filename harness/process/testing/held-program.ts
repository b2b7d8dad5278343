import { createInterface } from 'node:readline';
import { expect, onTestFinished } from 'vitest';
import { type Child, startChild } from '../child.ts';

/** A run in small, in a process of its own, for a test to kill. */
export interface HeldProgram {
  readonly child: Child;
  /** Waits for a line that holds this text, and returns it. */
  sees(text: string): Promise<string>;
}

const DEADLINE_MS = 120_000;

/** Starts a Node program of the project whose lines are looked for. A test that fails half-way does not leave it behind. */
export function holdProgram(file: string, args: readonly string[]): HeldProgram {
  const child = startChild([process.execPath, file, ...args]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => lines.push(line));
  }
  const find = (text: string): string | undefined => lines.find((line) => line.includes(text));
  return {
    child,
    sees: async (text) => {
      await expect
        .poll(() => find(text) ?? lines.join('\n'), { timeout: DEADLINE_MS, interval: 10 })
        .toContain(text);
      return find(text) ?? '';
    },
  };
}
