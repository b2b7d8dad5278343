import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CpuBudget } from './cpu-budget.ts';

const SIGNAL = new AbortController().signal;

/** Lets everything that can start, start. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

describe('a CPU budget', () => {
  test('lets work start while the cores are free, and the next when some are given back', async () => {
    const budget = new CpuBudget(1);
    const first = await budget.claim(0.6, SIGNAL);
    const started: string[] = [];
    const second = budget.claim(0.6, SIGNAL).then((turn) => {
      started.push('second');
      return turn;
    });
    const small = budget.claim(0.4, SIGNAL).then((turn) => {
      started.push('small');
      return turn;
    });
    await settled();
    expect(started).toEqual(['small']);
    first[Symbol.dispose]();
    await settled();
    expect(started).toEqual(['small', 'second']);
    (await second)[Symbol.dispose]();
    (await small)[Symbol.dispose]();
  });

  test('work that claims more than there is runs when nothing else does', async () => {
    const budget = new CpuBudget(1);
    const small = await budget.claim(0.1, SIGNAL);
    const started: string[] = [];
    const large = budget.claim(3, SIGNAL).then((turn) => {
      started.push('large');
      return turn;
    });
    await settled();
    expect(started).toEqual([]);
    small[Symbol.dispose]();
    await large;
    expect(started).toEqual(['large']);
  });

  test('who waits is told when the run is stopped, and takes no core with it', async () => {
    const budget = new CpuBudget(1);
    const first = await budget.claim(1, SIGNAL);
    const stop = new AbortController();
    const second = budget.claim(1, stop.signal);
    stop.abort(new Error('stopped'));
    await expect(second).rejects.toThrow('stopped');
    first[Symbol.dispose]();
    (await budget.claim(1, SIGNAL))[Symbol.dispose]();
    await expect(budget.claim(1, stop.signal)).rejects.toThrow('stopped');
  });

  test('never more at once than there is, and all get their turn', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(0.2, 0.5, 0.9, 2), { maxLength: 10 }), async (claims) => {
        const budget = new CpuBudget(1.4);
        let used = 0;
        let running = 0;
        await Promise.all(
          claims.map(async (cpu) => {
            using _turn = await budget.claim(cpu, SIGNAL);
            used += cpu;
            running += 1;
            expect(running === 1 || used <= 1.4 + 1e-6).toBe(true);
            await settled();
            used -= cpu;
            running -= 1;
          }),
        );
        expect(running).toBe(0);
      }),
    );
  });
});
