import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dashboardQueries } from '#harness/observe/dashboards.ts';
import { dashboardFiles } from './dashboards.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/dashboards');

describe('dashboards', () => {
  test.each([...dashboardFiles()])('fixtures/dashboards/%s is what the generator makes', (name, text) => {
    expect(readFileSync(join(FOLDER, name), 'utf8')).toBe(text);
  });

  test('no other dashboard lies there', () => {
    expect(readdirSync(FOLDER).sort()).toEqual([...dashboardFiles().keys()].sort());
  });

  test.each([...dashboardFiles()])(
    '%s shows both sides, weights, decisions and what broke',
    (_name, text) => {
      const queries = dashboardQueries(JSON.parse(text), { namespace: 'here', app: 'shop' });
      const names = queries.map(({ name }) => name);
      for (const part of ['requests', 'errors', 'latency', 'pods']) {
        expect(names.filter((name) => name.includes(part)).length).toBeGreaterThanOrEqual(2);
      }
      expect(names).toContain('Weight: declared and measured: declared');
      expect(names).toContain('Weight: declared and measured: measured');
      expect(names.some((name) => name.startsWith('Decisions'))).toBe(true);
      expect(names.some((name) => name.startsWith('Faults'))).toBe(true);
    },
  );

  test('every variable is filled in', () => {
    for (const text of dashboardFiles().values()) {
      for (const { query } of dashboardQueries(JSON.parse(text), { namespace: 'here', app: 'shop' })) {
        expect(query).not.toContain('$');
      }
    }
  });

  test('a panel keeps its place', () => {
    const [text = ''] = dashboardFiles().values();
    const dashboard: { panels: { gridPos: { x: number; y: number; w: number } }[] } = JSON.parse(text);
    const places = dashboard.panels.map(({ gridPos }) => `${gridPos.x},${gridPos.y}`);
    expect(new Set(places).size).toBe(places.length);
  });
});
