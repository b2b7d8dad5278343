import { expect, test } from 'vitest';
import { thisProcess } from './owner.ts';
import { useFreshState } from './testing/state.ts';
import { forgetWarden, livingWarden, noteWarden } from './warden-record.ts';

useFreshState();

test('a warden that lives is found by every thread of its process', async () => {
  const self = await thisProcess();
  await expect(livingWarden(self)).resolves.toBeUndefined();
  await noteWarden(self, self);
  await expect(livingWarden(self)).resolves.toStrictEqual(self);
  await forgetWarden(self);
  await expect(livingWarden(self)).resolves.toBeUndefined();
});

test('neither a warden that is gone nor one of an earlier process of that number is found', async () => {
  const self = await thisProcess();
  const other = { ...self, start_time: '1' };
  await noteWarden(self, other);
  await expect(livingWarden(self)).resolves.toBeUndefined();
  await noteWarden(other, self);
  await expect(livingWarden(self)).resolves.toBeUndefined();
});
