import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import { type Change, KnownObjects } from './known-objects.ts';

const object = (uid: string, version: number): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `pod-${uid}`, namespace: 'here', uid, resourceVersion: String(version) },
});

const told = (changes: readonly Change[]): string[] =>
  changes.map(
    (change) => `${change.verb} ${change.object.metadata.uid}@${change.object.metadata.resourceVersion}`,
  );

const byUid = (left: KubeObject, right: KubeObject): number =>
  String(left.metadata.uid).localeCompare(String(right.metadata.uid));

describe('KnownObjects', () => {
  test('the first list is told as listed, later ones as what changed since', () => {
    const known = new KnownObjects();
    expect(told(known.list([object('a', 1), object('b', 2)]))).toEqual(['listed a@1', 'listed b@2']);
    expect(told(known.list([object('b', 5), object('c', 4)]))).toEqual([
      'deleted a@1',
      'modified b@5',
      'added c@4',
    ]);
  });

  test('an empty first list still counts as the first', () => {
    const known = new KnownObjects();
    known.list([]);
    expect(told(known.list([object('a', 1)]))).toEqual(['added a@1']);
  });

  test('an event that the list already held is not told twice', () => {
    const known = new KnownObjects();
    known.list([object('a', 1)]);
    expect(known.event('ADDED', object('a', 1))).toEqual([]);
    expect(known.event('DELETED', object('z', 9))).toEqual([]);
  });

  test('an object made anew under the same name is another one', () => {
    const known = new KnownObjects();
    known.list([object('a', 1)]);
    const renewed = { ...object('b', 3), metadata: { ...object('b', 3).metadata, name: 'pod-a' } };
    expect(told(known.list([renewed]))).toEqual(['deleted a@1', 'added b@3']);
  });

  /** Objects by uid as a sequence of states of the cluster, some of them seen as events, some only by lists. */
  const history = fc.array(
    fc.record({
      uid: fc.constantFrom('a', 'b', 'c'),
      delete: fc.boolean(),
      // What the connection does after this change: deliver it, deliver it twice, or break and list again.
      delivery: fc.constantFrom('once', 'twice', 'broken'),
    }),
    { maxLength: 40 },
  );

  test('whatever breaks, the changes told lead to the true state and none is told twice', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const known = new KnownObjects();
        const truth = new Map<string, KubeObject>();
        const changes: Change[] = known.list([]);
        let broken = false;
        steps.forEach((step, index) => {
          const next = object(step.uid, index + 1);
          const existed = truth.has(step.uid);
          if (step.delete && !existed) return;
          if (step.delete) truth.delete(step.uid);
          else truth.set(step.uid, next);
          const type = step.delete ? 'DELETED' : existed ? 'MODIFIED' : 'ADDED';
          if (step.delivery === 'broken') broken = true;
          else if (broken) {
            changes.push(...known.list([...truth.values()]));
            broken = false;
          } else {
            changes.push(...known.event(type, next));
            if (step.delivery === 'twice') changes.push(...known.event(type, next));
          }
        });
        changes.push(...known.list([...truth.values()]));
        expect(new Set(told(changes)).size).toBe(changes.length);
        const replayed = new Map<string | undefined, KubeObject>();
        for (const { verb, object: changed } of changes) {
          if (verb === 'deleted') replayed.delete(changed.metadata.uid);
          else replayed.set(changed.metadata.uid, changed);
        }
        expect([...replayed.values()].sort(byUid)).toEqual([...truth.values()].sort(byUid));
      }),
    );
  });
});
