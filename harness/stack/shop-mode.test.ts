import { expect, test } from 'vitest';
import { withModeFlag } from './shop-mode.ts';

test('a Deployment whose pods look at the flag keeps all that it had', () => {
  const container = {
    name: 'shop',
    env: [{ name: 'A', value: '1' }],
    volumeMounts: [{ name: 'r', mountPath: '/r' }],
  };
  const spec = {
    replicas: 2,
    template: {
      metadata: { labels: { app: 'shop' } },
      spec: { containers: [container], volumes: [{ name: 'r' }] },
    },
  };
  expect(withModeFlag(spec)).toEqual({
    replicas: 2,
    template: {
      metadata: { labels: { app: 'shop' } },
      spec: {
        containers: [
          {
            name: 'shop',
            env: [
              { name: 'A', value: '1' },
              { name: 'MODE_FILE', value: '/etc/shop-mode/mode.yaml' },
            ],
            volumeMounts: [
              { name: 'r', mountPath: '/r' },
              { name: 'mode', mountPath: '/etc/shop-mode' },
            ],
          },
        ],
        volumes: [{ name: 'r' }, { name: 'mode', configMap: { name: 'shop-mode', optional: true } }],
      },
    },
  });
});
