import { expect, test } from 'vitest';
import { allow } from '#harness/core/drift.ts';
import { ofNamespace, RELEASE_SHIPPED } from './differences.ts';

test('a release that is shipped may change templates and documents of its own namespace, and nothing else', () => {
  const drift = [
    { subject: 'Deployment/a/shop', field: 'spec.template.metadata.labels["mettle.dev/release"]' },
    { subject: 'ConfigMap/a/shop-release-v2', field: '*' },
    { subject: 'Deployment/a/shop', field: 'spec.replicas' },
    { subject: 'Deployment/b/shop', field: 'spec.template.spec.containers[0].image' },
    { subject: 'Secret/a/shop-database', field: 'data.url' },
  ];
  const { drift: judged } = allow(drift, ofNamespace(RELEASE_SHIPPED, 'a'));
  expect(judged.map(({ why }) => why !== undefined)).toEqual([true, true, false, false, false]);
});
