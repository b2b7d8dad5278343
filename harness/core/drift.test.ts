import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allow, driftOf, driftText } from './drift.ts';
import { flattened, inventoryObjects, leftOut } from './inventory-fields.ts';
import { FIELD_RULES } from './inventory-rules.ts';
import type { KubeObject } from './kubernetes.ts';

const mark = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

const inventory = (...objects: readonly KubeObject[]) => ({ objects: inventoryObjects(objects, mark) });

/** Names that flattening has to keep apart: dots, brackets, quotes, numbers. */
const name = fc.oneof(
  fc.stringMatching(/^[a-z]{1,6}$/),
  fc.constantFrom('a.b', 'a[0]', '0', 'x"y', 'app.kubernetes.io/name', '', 'name', 'token', 'data'),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.string({ maxLength: 12 }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
}));
const content = fc.dictionary(
  name.filter((one) => !['name', 'status'].includes(one)),
  value,
  { minKeys: 1, maxKeys: 4 },
);

const object = (kind: string, spec: unknown, metadata: object = {}): KubeObject => ({
  apiVersion: 'example/v1',
  kind,
  metadata: { name: 'it', namespace: 'here', ...metadata },
  spec,
});

type Step = string | number;

/** Every place in a value at which something stands. */
function places(of: unknown, path: readonly Step[] = []): (readonly Step[])[] {
  if (typeof of !== 'object' || of === null) return [path];
  const inner = Array.isArray(of)
    ? of.flatMap((one, index) => places(one, [...path, index]))
    : Object.entries(of).flatMap(([key, one]) => places(one, [...path, key]));
  return path.length === 0 ? inner : [path, ...inner];
}

function at(of: unknown, path: readonly Step[]): unknown {
  return path.reduce<unknown>((current, step) => Reflect.get(Object(current), step), of);
}

/** The same value with another one at a place. */
function replaced(of: unknown, path: readonly Step[], by: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return by;
  if (Array.isArray(of)) return of.map((one, index) => (index === step ? replaced(one, rest, by) : one));
  return Object.fromEntries(
    Object.entries(Object(of)).map(([key, one]) => [key, key === step ? replaced(one, rest, by) : one]),
  );
}

const made = (uid: string, more: object = {}): KubeObject =>
  object(
    'Service',
    {
      clusterIP: `10.96.0.${uid.length}`,
      clusterIPs: [`10.96.0.${uid.length}`],
      ports: [{ name: 'http', port: 80 }],
    },
    {
      uid,
      resourceVersion: uid,
      creationTimestamp: uid,
      generation: uid.length,
      managedFields: [{ time: uid }],
      ownerReferences: [{ kind: 'Canary', name: 'shop', uid }],
      ...more,
    },
  );

const secret = (password: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'database', namespace: 'here' },
  type: 'Opaque',
  data: { password, url: 'cG9zdGdyZXM=' },
});

describe('the drift between inventories', () => {
  test('an object never drifts from itself, in whatever order its fields come', () => {
    fc.assert(
      fc.property(content, (spec) => {
        const turned = Object.fromEntries(Object.entries(spec).toReversed());
        expect(driftOf(inventory(object('Thing', spec)), inventory(object('Thing', turned)))).toEqual([]);
      }),
    );
  });

  test('any single value that changes is found, and its field is named', () => {
    fc.assert(
      fc.property(content, fc.nat(), value, (spec, pick, other) => {
        const all = places(spec);
        fc.pre(all.length > 0);
        const path = all[pick % all.length] ?? [];
        const was = at(spec, path);
        fc.pre(JSON.stringify(was) !== JSON.stringify(other));
        const changed = replaced(spec, path, other);
        const drift = driftOf(inventory(object('Thing', spec)), inventory(object('Thing', changed)));
        expect(drift.length).toBeGreaterThan(0);
        for (const one of drift) {
          expect(one.subject).toBe('Thing/here/it');
          expect(one.field.startsWith('spec')).toBe(true);
        }
        // The named fields are those that a reader finds at the place, in one of the two states.
        const fields = new Set([
          ...Object.keys(flattened(object('Thing', spec), mark)),
          ...Object.keys(flattened(object('Thing', changed), mark)),
        ]);
        expect(drift.every(({ field }) => fields.has(field))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('every value has a field of its own', () => {
    fc.assert(
      fc.property(content, (spec) => {
        const leaves = places(spec).filter((path) => {
          const here = at(spec, path);
          return typeof here !== 'object' || here === null || Object.keys(here).length === 0;
        });
        const fields = Object.keys(flattened(object('Thing', spec), mark)).filter((one) =>
          one.startsWith('spec'),
        );
        expect(fields).toHaveLength(leaves.length);
      }),
    );
  });

  test('a missing and a new object are named', () => {
    const one = object('Thing', { a: 1 });
    const other = object('Other', { a: 1 });
    expect(driftOf(inventory(one), inventory(other)).map(driftText)).toEqual([
      'Other/here/it was not there before',
      'Thing/here/it is missing',
    ]);
  });

  test('kinds of one name in two groups are not taken for each other', () => {
    const both = [object('Thing', 1), { ...object('Thing', 2), apiVersion: 'other/v1' }];
    const { objects } = inventory(...both);
    expect(objects.map(({ subject }) => subject)).toEqual(['Thing.example/here/it', 'Thing.other/here/it']);
    expect(driftOf(inventory(...both), inventory(...both.toReversed()))).toEqual([]);
  });
});

describe('what may differ', () => {
  const drift = driftOf(
    inventory(object('Thing', { a: 1, b: { c: 2 } })),
    inventory(object('Thing', { a: 2, b: { c: 3 } }), object('Stray', {})),
  );

  test.each([
    ['the field itself', 'Thing/here/it', 'spec.a', ['spec.a']],
    ['any field below', 'Thing/*', 'spec.*', ['spec.a', 'spec.b.c']],
    ['no whole object by a field', 'Stray/here/it', 'spec.*', []],
    ['a whole object', 'Stray/here/it', '*', ['*']],
    ['no other field of the same beginning', 'Thing/here/it', 'spec.b', []],
  ])('%s', (_what, subject, field, allowed) => {
    const judged = allow(drift, [{ subject, field, why: 'because' }]);
    expect(judged.drift.filter(({ why }) => why === 'because').map((one) => one.field)).toEqual(allowed);
    expect(judged.unused).toHaveLength(allowed.length === 0 ? 1 : 0);
  });
});

describe('what a rebuild changes', () => {
  test('does not count', () => {
    expect(driftOf(inventory(made('one')), inventory(made('another')))).toEqual([]);
  });

  test('but whether a Service has an address does, and so does who owns it', () => {
    const headless = {
      ...made('one'),
      spec: { clusterIP: 'None', clusterIPs: ['None'], ports: [{ name: 'http', port: 80 }] },
    };
    expect(driftOf(inventory(made('one')), inventory(headless)).map(({ field }) => field)).toEqual([
      'spec.clusterIP',
      'spec.clusterIPs[0]',
    ]);
    const orphan = made('one', { ownerReferences: [] });
    expect(driftOf(inventory(made('one')), inventory(orphan)).map(({ field }) => field)).toContain(
      'metadata.ownerReferences[name="shop"].name',
    );
  });

  test.each(FIELD_RULES.map((rule) => [rule.kind ?? 'Thing', rule.field, rule] as const))(
    '%s %s is left out, and its neighbours are not',
    (kind, field, rule) => {
      const steps = [...field.matchAll(/\["(?<quoted>[^"]+)"\]|(?<plain>[\w-]+)|(?<list>\[\])/g)];
      const build = (leaf: string): KubeObject => {
        const nested = steps.reduceRight<unknown>((inner, { groups = {} }) => {
          const { quoted, plain, list } = groups;
          if (list !== undefined) return [inner];
          const key = quoted ?? plain ?? '';
          return { [key]: inner, [`${key}x`]: leaf };
        }, leaf);
        const [namespace, id] = (rule.object?.source ?? '^here/it$').replaceAll(/[\\^$]/g, '').split('/');
        const whole = Object(nested);
        return {
          apiVersion: 'v1',
          kind,
          ...whole,
          metadata: { ...Reflect.get(whole, 'metadata'), name: id ?? 'it', namespace: namespace || 'here' },
          ...(rule.type === undefined ? {} : { type: rule.type }),
        };
      };
      const drift = driftOf(inventory(build('was')), inventory(build('is')));
      const about = (path: string): boolean =>
        path.replaceAll(/\[\d+\]/g, '[]') === field ||
        path.replaceAll(/\[\d+\]/g, '[]').startsWith(`${field}.`);
      expect(drift.filter((one) => about(one.field))).toEqual([]);
      expect(drift.length).toBeGreaterThan(0);
    },
  );

  test('every line of the table has a reason', () => {
    expect(FIELD_RULES.every(({ why }) => why.length > 5)).toBe(true);
  });

  test.each([
    ['Pod', {}, true],
    ['ReplicaSet', {}, true],
    ['Lease', {}, true],
    ['Deployment', {}, false],
    ['Job', {}, false],
    ['Job', { ownerReferences: [{ kind: 'CronJob', name: 'backup' }] }, true],
  ])('%s %j is left out: %s', (kind, metadata, is_left_out) => {
    expect(leftOut(object(kind, {}, metadata)) !== undefined).toBe(is_left_out);
  });
});

describe('what is secret', () => {
  test('is never written down, and still compared', () => {
    expect(JSON.stringify(inventory(secret('aHVudGVyMg==')))).not.toContain('aHVudGVyMg');
    const drift = driftOf(inventory(secret('aHVudGVyMg==')), inventory(secret('aHVudGVyMw==')));
    expect(drift.map(({ field }) => field)).toEqual(['data.password']);
    expect(JSON.stringify(drift)).not.toContain('aHVudGVy');
  });

  test('is told from its name outside of Secrets too', () => {
    const pod = object('Deployment', {
      env: [
        { name: 'DATABASE_PASSWORD', value: 'hunter2' },
        { name: 'COLOUR', value: 'red' },
      ],
    });
    const fields = flattened(pod, mark);
    expect(fields['spec.env[name="COLOUR"].value']).toBe('red');
    expect(fields['spec.env[name="DATABASE_PASSWORD"].value']).toMatch(/^secret [0-9a-f]+$/);
  });

  test('long texts and schemas stand as marks', () => {
    const long = flattened(object('ConfigMap', { text: 'x'.repeat(5000) }), mark);
    expect(long['spec.text']).toMatch(/^5000 characters [0-9a-f]+$/);
    const definition = object('CustomResourceDefinition', {
      versions: [{ name: 'v1', served: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    });
    const fields = flattened(definition, mark);
    expect(fields['spec.versions[name="v1"].schema']).toMatch(/^content [0-9a-f]+$/);
    expect(Object.keys(fields).filter((path) => path.includes('.schema'))).toHaveLength(1);
  });
});
