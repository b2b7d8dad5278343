import { expect, test } from 'vitest';
import { versionOfImage } from './components-on.ts';
import { versionInMetrics } from './two-versions.ts';

test.each([
  ['localhost/mettle/flagger:1.44.0-113f8760440d814b', '1.44.0'],
  ['mirror.example:5000/fluxcd/flagger:1.43.0', '1.43.0'],
  ['quay.example/argoproj/argo-rollouts:v1.10.0', '1.10.0'],
  ['localhost/mettle/shop:dev', undefined],
  ['localhost:5000/flagger', undefined],
])('the version of image %s is %s', (image, version) => {
  expect(versionOfImage(image)).toBe(version);
});

test('Flagger says its version in a metric', () => {
  const text = [
    '# HELP flagger_info Flagger version and mesh provider information',
    '# TYPE flagger_info gauge',
    'flagger_info{mesh_provider="kubernetes",version="1.44.0"} 1',
    'go_info{version="go1.26"} 1',
  ].join('\n');
  expect(versionInMetrics(text)).toBe('1.44.0');
  expect(versionInMetrics('go_info{version="go1.26"} 1')).toBeUndefined();
});
