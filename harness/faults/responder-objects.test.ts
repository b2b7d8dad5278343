import { expect, test } from 'vitest';
import { loadRelease } from '#fixtures/apps/shop/release.ts';
import { textAt } from '#harness/core/kubernetes.ts';
import { CLOSED } from './gateway-closed.ts';
import { READ_ONLY } from './gateway-read-only.ts';
import { responderObjects, routeElsewhere } from './responder-objects.ts';

const HERE = { namespace: 'here', host: 'shop.here.test' };

test('the route takes the methods that write, of this host alone, before any other route', () => {
  expect(routeElsewhere(READ_ONLY, { ...HERE, methods: ['POST', 'PUT'] })['spec']).toMatchObject({
    routes: [
      {
        match: 'Host(`shop.here.test`) && (Method(`POST`) || Method(`PUT`))',
        priority: 10_000,
        services: [{ name: 'mettle-read-only', port: 80 }],
      },
    ],
  });
});

test('the route of a closed shop takes every request of this host', () => {
  expect(routeElsewhere(CLOSED, { ...HERE, methods: [] })['spec']).toMatchObject({
    routes: [{ match: 'Host(`shop.here.test`)', services: [{ name: 'mettle-closed' }] }],
  });
});

test('whoever answers is a shop that takes no order, and no part of the shop that it answers for', () => {
  for (const [responder, config] of [
    [READ_ONLY, { read_only: true }],
    [CLOSED, { closed: true }],
  ] as const) {
    const [map, , deployment] = responderObjects(responder, { namespace: 'here', image: 'mettle/shop:1' });
    const read = loadRelease(textAt(map, 'data', 'release.yaml') ?? '', 'release.yaml');
    expect(read.config).toMatchObject(config);
    expect(JSON.stringify(deployment)).not.toMatch(/DATABASE_URL|"app":"shop"/);
  }
});
