import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Draft, Recorder } from '#harness/core/timeline.ts';
import { observeSource } from './source.ts';

function recording(): Recorder & { readonly drafts: Draft[]; states(): string[] } {
  const drafts: Draft[] = [];
  return {
    drafts,
    record: (draft) => drafts.push(draft),
    states: () =>
      drafts.flatMap((draft) =>
        draft.kind === 'observer' ? [[draft.data.state, draft.data.note].filter(Boolean).join(': ')] : [],
      ),
  };
}

const read = (): Promise<void> => Promise.resolve();
const fail = (): Promise<void> => Promise.reject(new Error('connection refused'));

describe('observeSource', () => {
  test('says when it started and ended, and takes a last look before', async () => {
    const recorder = recording();
    const looks: string[] = [];
    const finish = (): Promise<void> => {
      looks.push(...recorder.states());
      return Promise.resolve();
    };
    const observer = await observeSource({ name: 'chat', period_ms: 10, read, finish }, recorder);
    await observer[Symbol.asyncDispose]();
    await observer[Symbol.asyncDispose]();
    expect(looks).toEqual(['started']);
    expect(recorder.states()).toEqual(['started', 'ended']);
  });

  test('a source that cannot be read at the start is lost, and never started', async () => {
    const recorder = recording();
    await using observer = await observeSource({ name: 'prometheus', period_ms: 10, read: fail }, recorder);
    expect(observer).toBeDefined();
    expect(recorder.states()).toEqual(['lost: connection refused']);
  });

  test('contact that comes back is told', async () => {
    const recorder = recording();
    const readAgain = Promise.withResolvers<void>();
    let first = true;
    const later = async (): Promise<void> => {
      if (!first) return readAgain.resolve();
      first = false;
      await fail();
    };
    await using observer = await observeSource({ name: 'prometheus', period_ms: 10, read: later }, recorder);
    await readAgain.promise;
    await sleep(10);
    expect(observer).toBeDefined();
    expect(recorder.states()).toEqual(['lost: connection refused', 'started: contact is back']);
  });

  test('a last look that fails is a loss', async () => {
    const recorder = recording();
    const observer = await observeSource({ name: 'chat', period_ms: 10, read, finish: fail }, recorder);
    await observer[Symbol.asyncDispose]();
    expect(recorder.states()).toEqual(['started', 'lost: connection refused']);
  });
});
