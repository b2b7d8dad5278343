import { expect, test } from 'vitest';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import { servedNobody } from './pod-template.ts';

function madePod(ready?: { readonly status: string; readonly after_s: number }): KubeObject {
  const began = Date.parse('2026-11-22T10:00:00Z');
  const at = (after_s: number): string => new Date(began + after_s * 1000).toISOString();
  const conditions =
    ready === undefined
      ? []
      : [{ type: 'Ready', status: ready.status, lastTransitionTime: at(ready.after_s) }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'shop', namespace: 'shop', uid: 'u', deletionTimestamp: at(60) },
    status: { startTime: at(0), conditions },
  };
}

test.each([
  ['was just made', undefined, true],
  ['never became ready', { status: 'False', after_s: 1 }, true],
  ['is ready', { status: 'True', after_s: 5 }, false],
  ['was ready at once', { status: 'True', after_s: 1 }, false],
  ['was ready, and is on its way out', { status: 'False', after_s: 40 }, false],
])('a pod that %s', (_, ready, expected) => {
  expect(servedNobody(madePod(ready))).toBe(expected);
});
