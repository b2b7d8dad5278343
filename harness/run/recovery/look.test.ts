import { describe, expect, test } from 'vitest';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import { isReplaced, lacksImage, lookUntil } from './look.ts';

const SIGNAL = new AbortController().signal;

function pod(uid: string, status: object): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'postgres', name: 'postgres-0', uid },
    status,
  };
}

const READY = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
const REF = { api_version: 'v1', kind: 'Pod', namespace: 'postgres', name: 'postgres-0' };

describe('looking until something is found', () => {
  test('looks again, and gives what was found', async () => {
    let looks = 0;
    const look = async () => {
      looks += 1;
      return looks === 3 ? { found: 'it is there' } : { seen: 'nothing' };
    };
    expect(await lookUntil(look, { awaited: 'it', deadline_s: 10, signal: SIGNAL })).toBe('it is there');
    expect(looks).toBe(3);
  });

  test('says what was seen last when the time is over', async () => {
    const looking = lookUntil(async () => ({ seen: '3 of 7 targets' }), {
      awaited: 'all targets',
      deadline_s: 0,
      signal: SIGNAL,
    });
    await expect(looking).rejects.toThrow('waited 0 s for all targets; last seen: 3 of 7 targets');
  });

  test('ends when the run is stopped', async () => {
    const stop = new AbortController();
    const looking = lookUntil(async () => ({ seen: 'nothing' }), {
      awaited: 'it',
      deadline_s: 60,
      signal: stop.signal,
    });
    stop.abort(new Error('stopped'));
    await expect(looking).rejects.toThrow('aborted');
  });
});

describe('a pod that takes the place of another', () => {
  const condition = isReplaced(REF, 'former');
  test.each([
    ['the former one, ready still', [pod('former', READY)], false],
    ['none', [], false],
    ['another that is not ready', [pod('next', { phase: 'Pending' })], false],
    ['another that is ready', [pod('next', READY)], true],
  ])('%s', (_what, objects, met) => {
    expect(condition.test(objects).met).toBe(met);
  });
});

const waiting = (reason: string): KubeObject =>
  pod('a', { containerStatuses: [{ name: 'flagger', state: { waiting: { reason } } }] });

describe('a pod that lacks its image', () => {
  test.each([
    ['ErrImagePull', true],
    ['ImagePullBackOff', true],
    ['ErrImageNeverPull', true],
    ['ContainerCreating', false],
    ['CrashLoopBackOff', false],
  ])('%s: %s', (reason, met) => {
    expect(lacksImage('flagger-system').test([waiting(reason)]).met).toBe(met);
  });
});
