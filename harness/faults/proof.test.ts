import { expect, test } from 'vitest';
import { untilProven } from './proof.ts';

const never = new Promise<never>(() => undefined);

test('a look that the deadline cuts off hides nothing of what was seen before', async () => {
  let looks = 0;
  const probe = (): Promise<{ holds: boolean; seen: string }> =>
    (looks += 1) === 1 ? Promise.resolve({ holds: false, seen: '2 pods are left' }) : never;
  await expect(untilProven('it to be gone', probe, { deadline_s: 0.4 })).rejects.toThrow('2 pods are left');
  await expect(untilProven('it to be gone', () => never, { deadline_s: 0.1 })).rejects.toThrow('no answer');
});
