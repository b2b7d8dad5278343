import { expect, test } from 'vitest';
import type { Draft } from '#harness/core/timeline.ts';
import { callDraft, observeGate } from './gate.ts';

const CALL = {
  seq: 1,
  received_at: 1000,
  method: 'POST',
  path: '/confirm-rollout',
  namespace: 'here',
  subject: 'Canary/here/shop',
  phase: 'Waiting',
  status: 403,
  delay_ms: 5,
  metadata: { checksum: '1', 'metadata.eventType': 'Normal' },
};

const RECORD = {
  source: 'gate',
  kind: 'call',
  subject: 'Canary/here/shop',
  at: 1000,
  data: {
    path: '/confirm-rollout',
    status: 403,
    delay_ms: 5,
    phase: 'Waiting',
    metadata: { checksum: '1', 'metadata.eventType': 'Normal' },
  },
};

test('a call is recorded at the time at which it came', () => {
  expect(callDraft(CALL)).toEqual(RECORD);
});

/** Observes a gate that answers as scripted, then waits for ever; gives what was recorded and asked. */
async function observed(answers: readonly (object | Error)[]) {
  const drafts: Draft[] = [];
  const asked: Readonly<Record<string, string>>[] = [];
  const waiting = Promise.withResolvers<void>();
  const left = [...answers];
  const observer = await observeGate(
    {
      proxyGet: async (_port, _path, query = {}) => {
        asked.push(query);
        const answer = left.shift();
        if (answer === undefined) {
          waiting.resolve();
          return await new Promise<string>(() => undefined);
        }
        if (answer instanceof Error) throw answer;
        return JSON.stringify(answer);
      },
    },
    'here',
    { record: (draft) => drafts.push(draft) },
  );
  await waiting.promise;
  left.push({ store_id: 'a', last_seq: 9, calls: [] });
  await observer[Symbol.asyncDispose]();
  return { drafts, asked };
}

const states = (drafts: readonly Draft[]): readonly string[] =>
  drafts.flatMap((draft) => (draft.kind === 'observer' ? [draft.data.state] : []));

test('records what came since it began, and goes on after the last call of anybody', async () => {
  const { drafts, asked } = await observed([
    { store_id: 'a', last_seq: 4, calls: [] },
    { store_id: 'a', last_seq: 6, calls: [CALL] },
    { store_id: 'a', last_seq: 7, calls: [] },
  ]);
  expect(drafts.filter(({ source }) => source === 'gate')).toEqual([RECORD]);
  expect(states(drafts)).toEqual(['started', 'ended']);
  expect(asked.map(({ since, wait_s }) => [since, wait_s])).toEqual([
    [String(Number.MAX_SAFE_INTEGER), '0'],
    ['4', '20'],
    ['6', '20'],
    ['7', '20'],
    ['7', '0'],
  ]);
  expect(new Set(asked.map(({ namespace }) => namespace))).toEqual(new Set(['here']));
});

test('is lost when the gate was restarted', async () => {
  const { drafts } = await observed([
    { store_id: 'a', last_seq: 4, calls: [] },
    { store_id: 'b', last_seq: 1, calls: [] },
  ]);
  expect(states(drafts)).not.toEqual(['started', 'ended']);
});
