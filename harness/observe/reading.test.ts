import { describe, expect, test } from 'vitest';
import { alertState } from './alerts.ts';
import { messageDraft } from './chat.ts';
import { declaredWeights } from './kubernetes.ts';
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

const route = (...services: object[]): Parameters<typeof declaredWeights>[1] => ({
  object: {
    apiVersion: 'traefik.io/v1alpha1',
    kind: 'TraefikService',
    metadata: { name: 'shop', namespace: 'here' },
    spec: { weighted: { services } },
  },
});

describe('declaredWeights', () => {
  test('a canary that is not listed has no weight', () => {
    expect(declaredWeights('shop', route({ name: 'shop-primary', weight: 100 }))).toEqual({
      primary_pct: 100,
      canary_pct: 0,
    });
  });

  test('weights count in relation to each other', () => {
    const services = [
      { name: 'shop-primary', weight: 30 },
      { name: 'shop-canary', weight: 10 },
    ];
    expect(declaredWeights('shop', route(...services))).toEqual({ primary_pct: 75, canary_pct: 25 });
  });

  test('a route without a primary declares nothing', () => {
    expect(declaredWeights('shop', route({ name: 'other', weight: 1 }))).toBeUndefined();
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
    fields: { author_name: 'shop.here' },
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
    const fields = { alertname: 'ShopErrorRatio', namespace: 'here' };
    expect(messageDraft({ ...message, sender: 'alertmanager', fields }, 'here')).toMatchObject({
      subject: 'Alert/ShopErrorRatio',
    });
  });
});
