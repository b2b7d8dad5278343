import { describe, expect, it } from 'vitest';
import type { RebuildPlan } from '#harness/core/rebuild-plan.ts';
import { planText } from './rebuild-plan-text.ts';

const TAKEN_AT = Date.parse('2026-01-15T10:00:00Z');

const PLAN: RebuildPlan = {
  cluster: {
    name: 'mettle-dr',
    nodes: 1,
    node_image: 'mettle/node:1.34.3',
    ports: { gateway: 8080, postgres: 8083 },
  },
  repository: {
    name: 'fleet',
    revision: '0123456789abcdef0123456789abcdef01234567',
    message: 'The whole cluster',
    committed_at: TAKEN_AT - 60_000,
  },
  components: [
    { name: 'traefik', path: 'components/traefik', images: ['traefik:3.6.1'] },
    { name: 'alerts', path: 'components/alerts', images: [] },
  ],
  database: {
    method: 'wal',
    chosen: '20260115T100000Z',
    backups: [
      {
        name: '20260115T100100Z',
        taken_at: TAKEN_AT + 60_000,
        bytes: 0,
        objection: 'it is of PostgreSQL 17',
      },
      { name: '20260115T100000Z', taken_at: TAKEN_AT, bytes: 41 * 1024 * 1024, rows: 1234 },
    ],
    log_until: TAKEN_AT + 88_000,
  },
  steps: [{ name: 'cluster', expected_s: 11.44 }, { name: 'component/traefik' }],
  expected_s: 71.2,
};

describe('planText', () => {
  it('says from what, how old, and how long each step should take', () => {
    const text = planText(PLAN, TAKEN_AT + 90_000);
    expect(text).toContain('mettle-dr: 1 node of mettle/node:1.34.3');
    expect(text).toContain('gateway 8080, postgres 8083');
    expect(text).toContain('fleet at 0123456789ab, committed 2026-01-15 09:59:00 UTC: The whole cluster');
    expect(text).toContain('from 20260115T100000Z, taken 90 s ago, 41.0 MiB, 1,234 rows');
    expect(text).toContain('log stored up to 2026-01-15 10:01:28 UTC, 2 s ago');
    expect(text).toContain('2 backups in the store, 1 of them of no use:');
    expect(text).toContain('20260115T100100Z: it is of PostgreSQL 17');
    expect(text).toMatch(/traefik +traefik:3\.6\.1/);
    expect(text).toMatch(/alerts +no program of its own/);
    expect(text).toMatch(/cluster +11\.4 s/);
    expect(text).toMatch(/component\/traefik +not done here yet/);
    expect(text).toMatch(/from the loss to the steady state +71\.2 s/);
  });

  it.each([
    [119_000, '119 s ago'],
    [600_000, '10 min ago'],
    [3 * 3600_000, '3 h ago'],
    [5 * 86_400_000, '5 days ago'],
    [-1000, '0 s ago'],
  ])('counts the age of a backup as exactly as it matters: %d ms', (age_ms, said) => {
    expect(planText(PLAN, TAKEN_AT + age_ms)).toContain(`taken ${said}`);
  });
});
