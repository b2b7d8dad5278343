import { describe, expect, test } from 'vitest';
import { fieldIn } from './field-path.ts';
import { parseManifests } from './manifests.ts';

describe('fieldIn', () => {
  test.each([
    [
      'Deployment.apps "x" is invalid: spec.template.spec.containers[0].image: Required value',
      ['spec', 'template', 'spec', 'containers', 0, 'image'],
    ],
    [
      'failed to create typed patch object (here/x; apps/v1, Kind=Deployment): .spec.replcas: field not declared in schema',
      ['spec', 'replcas'],
    ],
    [
      'failed to create typed patch object (here/x; apps/v1, Kind=Deployment): .spec.template.spec.containers[name="shop"].imag: field not declared in schema',
      ['spec', 'template', 'spec', 'containers', 'name=shop', 'imag'],
    ],
    [
      'Canary in version "v1beta1" cannot be handled as a Canary: strict decoding error: unknown field "spec.analysis.intervl"',
      ['spec', 'analysis', 'intervl'],
    ],
    [
      'Service "x" is invalid: [spec.ports[0].nodePort: Invalid value: 80: out of range, spec.ports[0].port: Required value]',
      ['spec', 'ports', 0, 'nodePort'],
    ],
    [
      'ConfigMap "x" is invalid: metadata.labels: Invalid value: "a b": a valid label must be',
      ['metadata', 'labels'],
    ],
    [
      'Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas (409 Conflict)',
      ['spec', 'replicas'],
    ],
  ])('%s', (message, path) => {
    expect(fieldIn(message)).toEqual(path);
  });

  test.each([
    'the server could not find the requested resource',
    'admission webhook "x.example.com" denied the request: no',
  ])('no field: %s', (message) => {
    expect(fieldIn(message)).toBeUndefined();
  });
});

describe('the line of a field', () => {
  const text = `# a comment
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  template:
    spec:
      containers:
        - name: other
          image: a
        - name: shop
          imag: b
`;
  const [manifest] = parseManifests('deployment.yaml', text);
  const lineOf = (path: readonly (string | number)[]): number | undefined => manifest?.locate?.(path).line;

  test('is that of its key', () => {
    expect(lineOf(['metadata', 'name'])).toBe(5);
    expect(lineOf(['spec', 'template', 'spec', 'containers', 1, 'imag'])).toBe(13);
    expect(lineOf(['spec', 'template', 'spec', 'containers', 'name=shop', 'imag'])).toBe(13);
  });

  test('is that of the nearest field around it where it is missing', () => {
    expect(lineOf(['spec', 'selector'])).toBe(6);
    expect(lineOf(['spec', 'template', 'spec', 'containers', 0, 'ports', 0])).toBe(10);
    expect(lineOf(['spec', 'template', 'spec', 'containers', 7])).toBe(9);
    expect(lineOf(['status'])).toBe(2);
  });
});
