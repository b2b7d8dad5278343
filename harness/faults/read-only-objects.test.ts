import { expect, test } from 'vitest';
import { loadRelease } from '#fixtures/apps/shop/release.ts';
import { textAt } from '#harness/core/kubernetes.ts';
import { responder, writesElsewhere } from './read-only-objects.ts';

test('the route takes the methods that write, of this host alone, before any other route', () => {
  const way = { namespace: 'here', host: 'shop.here.test', methods: ['POST', 'PUT'] };
  expect(writesElsewhere(way)['spec']).toMatchObject({
    routes: [
      {
        match: 'Host(`shop.here.test`) && (Method(`POST`) || Method(`PUT`))',
        priority: 10_000,
        services: [{ name: 'mettle-read-only', port: 80 }],
      },
    ],
  });
});

test('whoever answers is a shop that takes no order, and no part of the shop that it answers for', () => {
  const objects = responder({ namespace: 'here', image: 'mettle/shop:1' });
  const [map, , deployment] = objects;
  const { config } = loadRelease(textAt(map, 'data', 'release.yaml') ?? '', 'release.yaml');
  expect(config.read_only).toBe(true);
  expect(JSON.stringify(deployment)).not.toMatch(/DATABASE_URL|"app":"shop"/);
});
