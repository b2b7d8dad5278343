import { expect, test } from 'vitest';
import { found } from './testing/found.ts';
import { madeFacts, madeHeld, madeLoad } from './testing/made-guard.ts';

test('a lock on a table that somebody waited for is told by the waits', () => {
  const held = [madeHeld('public.users', 5000, true)];
  const facts = madeFacts({ under_load: madeLoad({ held }) });
  expect(found(facts, 'readers-blocked')).toMatchObject({ outcome: 'pass', measured: '2.0 ms' });
});
