import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dataRoot, RUNTIME_NAME, withRuntime } from './daemon-config.ts';

const PATH = '/opt/wrapper';

test('an absent file gets the runtime and nothing else', () => {
  expect(JSON.parse(withRuntime('', PATH) ?? '')).toStrictEqual({
    runtimes: { [RUNTIME_NAME]: { path: PATH } },
    'default-runtime': RUNTIME_NAME,
  });
});

test('whatever stood there stays', () => {
  const keys = fc.string().filter((key) => !['runtimes', 'default-runtime', '__proto__'].includes(key));
  fc.assert(
    fc.property(fc.dictionary(keys, fc.jsonValue()), (settings) => {
      const before: object = JSON.parse(
        JSON.stringify({ ...settings, runtimes: { kata: { path: '/kata' } } }),
      );
      const after: unknown = JSON.parse(withRuntime(JSON.stringify(before), PATH) ?? '');
      expect(after).toMatchObject({
        ...before,
        runtimes: { kata: { path: '/kata' }, [RUNTIME_NAME]: { path: PATH } },
      });
    }),
  );
});

test('a second time changes nothing', () => {
  expect(withRuntime(withRuntime('{"debug":true}', PATH) ?? '', PATH)).toBeUndefined();
});

test.each([
  ['{"debug":', 'not valid JSON'],
  ['[]', 'JSON object'],
  ['{"default-runtime":"kata"}', '"kata"'],
])('%s is left alone with a reason', (text, reason) => {
  expect(() => withRuntime(text, PATH)).toThrow(reason);
});

test.each([
  ['', '/var/lib/docker'],
  ['{"data-root":"/data/docker"}', '/data/docker'],
  ['{"data-root":7}', '/var/lib/docker'],
  ['{"data-root":', '/var/lib/docker'],
])('the data folder by %s is %s', (config, root) => {
  expect(dataRoot(config)).toBe(root);
});
