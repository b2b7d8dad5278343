import { expect, test } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import { parseManifests } from '#harness/kube/manifests.ts';
import { overlaid } from './overlay.ts';

const BASE = `
apiVersion: v1
kind: Pod
metadata: { name: one, namespace: here }
spec:
  volumes: [{ name: data, secret: { items: [{ key: a, path: a }] } }]
  containers:
    - name: main
      args: [a, b]
      env: [{ name: KEPT, value: '1' }, { name: OTHER, value: '2' }]
      volumeMounts: [{ name: data, mountPath: /a }]
    - { name: beside }
`;

const change = (text: string) =>
  overlaid(parseManifests('base.yaml', BASE), parseManifests('change.yaml', text));

const HEAD = 'apiVersion: v1\nkind: Pod\nmetadata: { name: one, namespace: here }\n';

test('what a change does not name stays, at every depth', () => {
  const [pod] = change(`${HEAD}
spec:
  volumes: [{ name: data, secret: { items: [{ key: b, path: b }] } }]
  containers:
    - name: main
      env: [{ name: OTHER, value: '3' }, { name: NEW, value: '4' }]
      volumeMounts: [{ name: data, mountPath: /b }]
`);
  expect(pod?.object['spec']).toStrictEqual({
    volumes: [
      {
        name: 'data',
        secret: {
          items: [
            { key: 'a', path: 'a' },
            { key: 'b', path: 'b' },
          ],
        },
      },
    ],
    containers: [
      {
        name: 'main',
        args: ['a', 'b'],
        env: [
          { name: 'KEPT', value: '1' },
          { name: 'OTHER', value: '3' },
          { name: 'NEW', value: '4' },
        ],
        volumeMounts: [
          { name: 'data', mountPath: '/a' },
          { name: 'data', mountPath: '/b' },
        ],
      },
      { name: 'beside' },
    ],
  });
});

test('a list of plain values is taken as a whole', () => {
  const [pod] = change(`${HEAD}spec: { containers: [{ name: main, args: [c] }] }`);
  expect(pod?.object).toHaveProperty('spec.containers.0.args', ['c']);
});

test('a change to an object that is not there is refused', () => {
  expect(() => change('apiVersion: v1\nkind: Pod\nmetadata: { name: two, namespace: here }\n')).toThrow(
    UsageError,
  );
});
