import { describe, expect, it } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import { PROFILES, profileOf, TIMEOUT_S } from './profiles.ts';
import { checkSettings, type LoadSettings } from './settings.ts';

const GOOD: LoadSettings = {
  run: 'run',
  url: 'http://127.0.0.1:8080',
  host: 'shop.demo.test',
  rate_per_s: 300,
  vus: 200,
  warm_up_s: 3,
  warm_up_from_per_s: 30,
  duration_s: 60,
  timeout_s: 5,
  summary: '/tmp/summary.json',
};

describe('checkSettings', () => {
  it.each(['http://127.0.0.1:8080', 'http://127.3.2.1:1', 'http://[::1]:8080'])(
    'takes the target %s',
    (url) => {
      expect(() => checkSettings({ ...GOOD, url })).not.toThrow();
    },
  );

  it.each([
    'http://192.168.0.1:8080',
    'http://localhost:8080',
    'http://127.0.0.1.example.org',
    'http://127.example.org:80',
    'http://user@127.0.0.1:8080',
    'http://127.0.0.1@example.org',
    'https://127.0.0.1:8080',
    'http://127.0.0.1:8080/path',
    'http://[::2]:8080',
    '127.0.0.1:8080',
    '',
  ])('refuses the target %j', (url) => {
    expect(() => checkSettings({ ...GOOD, url })).toThrow(UsageError);
  });

  it.each([
    { rate_per_s: 0 },
    { rate_per_s: 5001 },
    { rate_per_s: 0.5 },
    { vus: 100_000 },
    { duration_s: Number.POSITIVE_INFINITY },
    { duration_s: Number.NaN },
  ])('refuses %j', (change) => {
    expect(() => checkSettings({ ...GOOD, ...change })).toThrow(UsageError);
  });

  it('goes on through a node that answers nothing, at a rate that is made for it', () => {
    const { rate_per_s, vus } = profileOf('outage-300');
    expect(vus).toBeGreaterThan(rate_per_s * TIMEOUT_S);
  });

  it('takes every profile', () => {
    for (const { rate_per_s, vus } of PROFILES) {
      expect(() => checkSettings({ ...GOOD, rate_per_s, vus })).not.toThrow();
    }
  });
});

describe('profileOf', () => {
  it('knows the profiles by name', () => {
    expect(profileOf('busy-1500').rate_per_s).toBe(1500);
    expect(() => profileOf('busy-15')).toThrow(/busy-15/);
  });
});
