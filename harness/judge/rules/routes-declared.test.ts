import { describe, expect, test } from 'vitest';
import { type Draft, Timeline } from '#harness/core/timeline.ts';
import { routesDeclared } from './routes-declared.ts';

const SERVICE = 'VirtualService/here/shop';
const RULE = 'DestinationRule/here/shop-canary';
const MALFORMED = 'VirtualService/here/malformed';

const object = (subject: string): Draft => ({
  source: 'kubernetes',
  kind: 'object',
  subject,
  data: { verb: 'added', resource_version: '1', fields: {} },
});

const weights = (...steps: readonly number[]): Draft[] =>
  steps.map((canary_pct) => ({
    source: 'gateway',
    kind: 'weight',
    subject: SERVICE,
    data: { primary_pct: 100 - canary_pct, canary_pct, read_from: 'object', gateway: 'istio' },
  }));

const frame: readonly Draft[] = [
  ...['gateway', 'kubernetes'].map(
    (subject): Draft => ({ source: 'harness', kind: 'observer', subject, data: { state: 'started' } }),
  ),
  {
    source: 'harness',
    kind: 'expectation',
    subject: 'here',
    data: {
      of: 'routes',
      namespace: 'here',
      gateway: 'istio',
      writers: [{ controller: 'flagger', object: SERVICE, canary_pct: [0, 20, 40, 0], also: [RULE] }],
      refused: [MALFORMED],
    },
  },
];

function judge(...drafts: readonly Draft[]) {
  const records = [...frame, ...drafts].map((draft, seq) => ({ seq, at: seq, ...draft }));
  return routesDeclared.judge(new Timeline(records));
}

const MADE = [object(SERVICE), object(RULE)];

describe('routes-declared', () => {
  test('every weight, in order and nothing else, passes', () => {
    expect(judge(...MADE, ...weights(0, 20, 40, 0))).toMatchObject({
      outcome: 'pass',
      reason: 'flagger declared 0, 20, 40, 0 %',
    });
  });

  test.each([
    ['a weight that is left out', [0, 40, 0]],
    ['a weight too many', [0, 20, 30, 40, 0]],
    ['another weight', [0, 20, 41, 0]],
    ['no weight at all', []],
    ['an end that never came', [0, 20, 40]],
  ])('%s fails', (_what, steps) => {
    expect(judge(...MADE, ...weights(...steps)).outcome).toBe('fail');
  });

  test('an object that was never made fails', () => {
    expect(judge(object(SERVICE), ...weights(0, 20, 40, 0))).toMatchObject({
      outcome: 'fail',
      reason: `flagger never made ${RULE}`,
    });
  });

  test('an object that should have been refused fails', () => {
    expect(judge(...MADE, object(MALFORMED), ...weights(0, 20, 40, 0)).outcome).toBe('fail');
  });

  test('without an observer nothing is known', () => {
    const records = frame.slice(1).map((draft, seq) => ({ seq, at: seq, ...draft }));
    expect(routesDeclared.judge(new Timeline(records)).outcome).toBe('inconclusive');
  });
});
