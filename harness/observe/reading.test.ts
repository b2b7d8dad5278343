import { describe, expect, test } from 'vitest';
import { alertState } from './alerts.ts';
import { messageDraft } from './chat.ts';
import { seriesOf } from './series.ts';

const rules = (rule: object): object => ({
  data: { groups: [{ rules: [{ name: 'ShopErrorRatio', ...rule }] }] },
});
const ALERT = { name: 'ShopErrorRatio', namespace: 'here' };
const active = (namespace: string, state: string, value: string): object => ({
  labels: { namespace },
  state,
  value,
});

describe('alertState', () => {
  test('a rule without active alerts is inactive', () => {
    expect(alertState(rules({ health: 'ok', alerts: [] }), ALERT)).toEqual({ state: 'inactive' });
  });

  test('only the alerts of the namespace count, and firing outweighs pending', () => {
    const alerts = [
      active('elsewhere', 'firing', '1e+00'),
      active('here', 'pending', '3e-02'),
      active('here', 'firing', '5.2e-02'),
    ];
    expect(alertState(rules({ alerts: alerts.slice(0, 1) }), ALERT)).toEqual({ state: 'inactive' });
    expect(alertState(rules({ alerts: alerts.slice(0, 2) }), ALERT)).toEqual({
      state: 'pending',
      value: 0.03,
    });
    expect(alertState(rules({ alerts }), ALERT)).toEqual({ state: 'firing', value: 0.052 });
  });

  test('a missing or failing rule is no evidence of silence', () => {
    expect(() => alertState({ data: { groups: [] } }, ALERT)).toThrow('no alert rule ShopErrorRatio');
    expect(() => alertState(rules({ health: 'err', lastError: 'bad query' }), ALERT)).toThrow('bad query');
  });
});

describe('seriesOf', () => {
  test('keeps numbers with their time in ms, and leaves out what is none', () => {
    const values = [
      [10.5, '0.25'],
      [12, 'NaN'],
      [14, '+Inf'],
    ];
    const answer = { data: { result: [{ metric: { app: 'shop' }, values }] } };
    expect(seriesOf(answer)).toEqual([{ labels: { app: 'shop' }, samples: [[10_500, 0.25]] }]);
  });
});

describe('messageDraft', () => {
  const message = {
    seq: 4,
    received_at: 1_700_000_000_123,
    sender: 'flagger',
    channel: 'rollouts',
    text: 'Failed checks threshold reached 2',
    severity: 'danger',
    dialect: 'slack-webhook',
    fields: { author_name: 'shop.here' },
    about: { kind: 'Canary', namespace: 'here', name: 'shop' },
    raw: {},
  };

  test("Flagger's message is about its Canary and came when the chat received it", () => {
    expect(messageDraft(message, 'here')).toEqual({
      source: 'chat',
      kind: 'message',
      at: 1_700_000_000_123,
      subject: 'Canary/here/shop',
      data: {
        sender: 'flagger',
        dialect: 'slack-webhook',
        channel: 'rollouts',
        text: 'Failed checks threshold reached 2',
        severity: 'danger',
        fields: { author_name: 'shop.here' },
      },
    });
  });

  test('a message about another namespace belongs to another run', () => {
    expect(messageDraft(message, 'elsewhere')).toBeUndefined();
  });

  test("Alertmanager's message is about its alert", () => {
    const about = { kind: 'Alert', name: 'ShopErrorRatio', namespace: 'here' };
    expect(messageDraft({ ...message, sender: 'alertmanager', about }, 'here')).toMatchObject({
      subject: 'Alert/ShopErrorRatio',
    });
    expect(messageDraft({ ...message, sender: 'alertmanager', about }, 'elsewhere')).toBeUndefined();
  });

  test('a message about an object without a namespace, or about nothing, is part of every run', () => {
    const { about: _about, ...plain } = message;
    expect(messageDraft({ ...plain, sender: 'ci' }, 'here')).toMatchObject({ subject: 'Sender/ci' });
    const about = { kind: 'Rollout', name: 'shop' };
    expect(messageDraft({ ...message, about }, 'here')).toMatchObject({ subject: 'Rollout/shop' });
  });

  test('the namespace may stand in the fields of a message that names no object', () => {
    const { about: _about, ...plain } = message;
    const told = { ...plain, fields: { namespace: 'here' } };
    expect(messageDraft(told, 'here')).toMatchObject({ subject: 'Sender/flagger' });
    expect(messageDraft(told, 'elsewhere')).toBeUndefined();
  });
});
