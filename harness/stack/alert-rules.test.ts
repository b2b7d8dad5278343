import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { listAt, textAt } from '#harness/core/kubernetes.ts';
import { parseManifests } from '#harness/kube/manifests.ts';
import { ALERT_VALUES, BURN_ALERT, burnRatio, SHOP_ALERT, TIME_SCALE } from './alert-rules.ts';

const FILE = join(import.meta.dirname, '../../fixtures/manifests/prometheus/15-rules.yaml');

async function rules(): Promise<readonly unknown[]> {
  const [manifest] = parseManifests(FILE, await readFile(FILE, 'utf8'), { values: ALERT_VALUES });
  const { data } = Object(manifest?.object);
  return Object.values(Object(data)).flatMap((text) =>
    listAt(parse(String(text)), 'groups').flatMap((group) => listAt(group, 'rules')),
  );
}

describe('alert rules', () => {
  test('each says in words what is wrong, how bad it is, and in which namespace', async () => {
    const all = await rules();
    expect(all.map((rule) => textAt(rule, 'alert'))).toEqual(
      expect.arrayContaining([
        'ShopErrorRatio',
        'ShopLatency',
        'ShopErrorBudgetBurn',
        'PodCrashLooping',
        'CanaryOverdue',
        'FluxNotReady',
      ]),
    );
    for (const rule of all) {
      expect(['critical', 'warning']).toContain(textAt(rule, 'labels', 'severity'));
      expect(textAt(rule, 'annotations', 'summary')).toContain('$labels.namespace');
      expect(textAt(rule, 'expr')).toMatch(/by \(namespace\b/);
    }
  });

  test('every place is filled, and every value is used', async () => {
    const text = await readFile(FILE, 'utf8');
    expect(JSON.stringify(await rules())).not.toContain('${');
    const unused = Object.keys(ALERT_VALUES).filter(
      (name) => !text.includes(`\${${name}}`) && name !== 'evaluation_interval_s',
    );
    expect(unused).toEqual([]);
  });

  test('a budget of one percent burns 14.4 times too fast at 14.4 % errors', () => {
    expect(burnRatio(14.4, 99)).toBe(0.144);
    expect(burnRatio(1, 99.9)).toBe(0.001);
  });

  test('windows keep the proportions of production', () => {
    expect(SHOP_ALERT.window_s * TIME_SCALE).toBe(300);
    expect(BURN_ALERT.fast.long_s / BURN_ALERT.fast.short_s).toBe(12);
    expect(BURN_ALERT.slow.long_s / BURN_ALERT.slow.short_s).toBe(12);
  });
});
