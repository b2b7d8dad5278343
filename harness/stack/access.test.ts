import { describe, expect, test } from 'vitest';
import { NODE_PORTS } from '#harness/cluster/types.ts';
import { accessLines } from './access.ts';
import { resolveComponents } from './profiles.ts';

describe('accessLines', () => {
  const lines = accessLines({
    components: resolveComponents(['full']),
    ports: NODE_PORTS,
    hosts: { shop: 'shop.here.test' },
  });
  const text = lines.join('\n');

  test('say where every published part is', () => {
    for (const port of Object.values(NODE_PORTS)) expect(text).toContain(`127.0.0.1:${port}`);
    expect(text).toContain("-H 'Host: shop.here.test' http://127.0.0.1:30080/");
    expect(text).toMatch(/^postgres +postgres:\/\//m);
  });

  test('say how to read a password instead of showing it', () => {
    expect(text).toMatch(/password: kubectl -n git get secret \S+ -o jsonpath='\{\.data\.password\}'/);
    expect(text).toMatch(/password: kubectl -n postgres get secret/);
  });

  test('speak of chosen parts alone', () => {
    const few = accessLines({ components: resolveComponents(['prometheus']), ports: NODE_PORTS });
    expect(few.join('\n')).not.toContain('git');
  });
});
