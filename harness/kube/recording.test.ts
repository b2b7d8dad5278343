import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Draft } from '#harness/core/timeline.ts';
import { kubeClient } from './client.ts';
import { objectsOf, recordWatches } from './recording.ts';
import { configMap, fakeApiServer, type Script } from './testing/fake-api-server.ts';

const CONFIG_MAPS = objectsOf({ api_version: 'v1', kind: 'ConfigMap', namespace: 'here' });

/** What is recorded, one line a record, from the start until some time after the first list. */
async function lines(script: Script): Promise<string[]> {
  const drafts: Draft[] = [];
  const recorder = { record: (draft: Draft): number => drafts.push(draft) };
  await using server = await fakeApiServer(script);
  await using kube = kubeClient(server.target);
  const observer = await recordWatches(kube, 'kubernetes', [CONFIG_MAPS], recorder);
  await sleep(100);
  await observer[Symbol.asyncDispose]();
  await observer[Symbol.asyncDispose]();
  return drafts.map((draft) => {
    if (draft.kind === 'observer') return [draft.data.state, draft.data.note].filter(Boolean).join(' ');
    return draft.source === 'kubernetes' && draft.kind === 'object'
      ? `${draft.data.verb} ${draft.subject}`
      : draft.kind;
  });
}

describe('recordWatches', () => {
  const lists = [{ version: 10, objects: [configMap('a', 7)] }];

  test('records what was there before it says that it started, and ends once', async () => {
    const watches: Script['watches'] = [[{ type: 'ADDED', object: configMap('b', 11) }, 'stay']];
    expect(await lines({ lists, watches })).toEqual([
      'listed ConfigMap/here/a',
      'started',
      'added ConfigMap/here/b',
      'ended',
    ]);
  });

  test('says what it may have missed', async () => {
    const watches: Script['watches'] = [[{ type: 'ERROR', code: 410, message: 'too old' }]];
    expect(await lines({ lists, watches })).toEqual([
      'listed ConfigMap/here/a',
      'started',
      "lost ConfigMap/here: the server's history is gone, states in between may be missing: too old",
      'started ConfigMap/here: contact is back',
      'ended',
    ]);
  });
});
