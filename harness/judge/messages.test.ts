import { describe, expect, test } from 'vitest';
import type { ExpectedMessage } from '#harness/core/expectation.ts';
import {
  after,
  numbered,
  observer,
  phase,
  START_AT,
  type Timed,
} from '#harness/core/testing/synthetic-parts.ts';
import { Timeline } from '#harness/core/timeline.ts';
import { judgeRun } from './judge-run.ts';
import { complaintsOf } from './testing/complaints.ts';

const OWED: readonly ExpectedMessage[] = ['began', 'ended'].map((says) => ({
  event: `the rollout ${says}`,
  sender: 'flagger',
  dialect: 'slack-webhook',
  subject: 'Canary/shop-demo/shop',
  says,
}));

interface Said {
  readonly at_s: number;
  readonly says: string;
  readonly sender?: string;
  readonly dialect?: string;
  readonly subject?: string;
}

function said({ at_s, says, sender = 'flagger', dialect = 'slack-webhook', subject }: Said): Timed {
  return {
    at: after(at_s),
    source: 'chat',
    kind: 'message',
    subject: subject ?? 'Canary/shop-demo/shop',
    data: { sender, dialect, channel: 'rollouts', text: `it ${says}`, severity: 'good', fields: {} },
  };
}

function judge(messages: readonly Said[], expected = OWED, refused?: number) {
  const refusals: Timed[] =
    refused === undefined
      ? []
      : [
          {
            at: START_AT + 25_000,
            source: 'harness',
            kind: 'refused_messages',
            subject: 'Canary/shop-demo/shop',
            data: { sender: 'flagger', path: '/hooks', status: 429, count: refused },
          },
        ];
  const records = numbered([
    {
      at: START_AT,
      source: 'harness',
      kind: 'expectation',
      subject: 'chat',
      data: { of: 'messages', namespace: 'shop-demo', messages: expected },
    },
    ...observer('chat', START_AT, START_AT + 30_000),
    ...phase('tell', START_AT, START_AT + 29_000),
    ...messages.map(said),
    ...refusals,
  ]);
  return judgeRun(new Timeline(records));
}

const BOTH: readonly Said[] = [
  { at_s: 1, says: 'began' },
  { at_s: 2, says: 'ended' },
];

describe('messages', () => {
  test('each once and in order passes', () => {
    expect(complaintsOf(judge(BOTH))).toEqual([]);
  });

  const broken: [string, string, readonly Said[]][] = [
    ['one is lost', 'messages-understood: fail', BOTH.slice(1)],
    ['one comes twice', 'messages-understood: fail', [...BOTH, { at_s: 9, says: 'ended' }]],
    [
      'the sender is not known',
      'messages-understood: fail',
      BOTH.map((one) => ({ ...one, sender: 'unknown' })),
    ],
    [
      'the format is taken for another',
      'messages-understood: fail',
      BOTH.map((one) => ({ ...one, dialect: 'generic-webhook' })),
    ],
    [
      'it speaks of another object',
      'messages-understood: fail',
      BOTH.map((one) => ({ ...one, subject: 'Canary/other/shop' })),
    ],
    [
      'the end is told before the beginning',
      'messages-ordered: fail',
      [
        { at_s: 3, says: 'began' },
        { at_s: 2, says: 'ended' },
      ],
    ],
  ];
  test.each(broken)('%s: %s', (_case, complaint, messages) => {
    expect(complaintsOf(judge(messages))).toContain(complaint);
  });

  test('no message at all is no order', () => {
    expect(complaintsOf(judge([]))).toEqual(['messages-understood: fail', 'messages-ordered: inconclusive']);
  });
});

function owed(outcome: 'told' | 'lost'): readonly ExpectedMessage[] {
  return OWED.slice(0, 1).map((one) => ({ ...one, refused: { status: 429, path: '/hooks', outcome } }));
}

describe('a chat that refuses a message', () => {
  const again = BOTH.slice(0, 1);

  test.each([
    ['told', again],
    ['lost', []],
  ] as const)('a sender that is known for it: %s', (then, messages) => {
    const verdict = judge(messages, owed(then), 1);
    expect(complaintsOf(verdict)).toEqual([]);
    expect(verdict.rules[0]?.reason).toContain(then === 'told' ? 'tells it again' : 'loses it');
  });

  test.each([
    ['told', []],
    ['lost', again],
  ] as const)('a sender that does not do what is known of it: %s', (then, messages) => {
    expect(complaintsOf(judge(messages, owed(then), 1))).toEqual(['refusal-answered: fail']);
  });

  test('a message that comes twice after a refusal fails', () => {
    expect(complaintsOf(judge([...again, { at_s: 9, says: 'began' }], owed('told'), 1))).toEqual([
      'refusal-answered: fail',
    ]);
  });

  test.each([[0], [undefined]])('a refusal that never met a message proves nothing: %s', (count) => {
    expect(complaintsOf(judge(again, owed('told'), count))).toEqual(['refusal-answered: inconclusive']);
  });
});
