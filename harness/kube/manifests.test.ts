import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import { type ManifestOptions, parseManifests, readManifests } from './manifests.ts';

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: \${replicas}
  template:
    spec:
      containers:
        - name: shop
          image: mettle/shop
          args: ['--host=shop.\${namespace}.test']
`;

const OPTIONS: ManifestOptions = {
  images: { shop: 'localhost/mettle/shop@sha256:1' },
  values: { replicas: 2, namespace: 'here' },
};

const named = (name: string): string => `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n`;

function errorOf(text: string, options: ManifestOptions = OPTIONS): UsageError {
  try {
    parseManifests('fixtures/x.yaml', text, options);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('parseManifests', () => {
  test('replaces images and values, and keeps the type of a value that stands alone', () => {
    const [manifest] = parseManifests('fixtures/x.yaml', DEPLOYMENT, OPTIONS);
    expect(manifest?.object).toMatchObject({
      spec: {
        replicas: 2,
        template: {
          spec: {
            containers: [{ image: 'localhost/mettle/shop@sha256:1', args: ['--host=shop.here.test'] }],
          },
        },
      },
    });
  });

  test('leaves foreign images, Flagger templates and relabelling references alone', () => {
    const text = `apiVersion: v1
kind: ConfigMap
metadata: { name: x }
data:
  image: example.org/other:1
  query: sum(rate(a[{{ interval }}])) and $1:$2 and \${1}
`;
    expect(parseManifests('x.yaml', text)[0]?.object['data']).toEqual({
      image: 'example.org/other:1',
      // biome-ignore lint: a relabelling reference, not a template
      query: 'sum(rate(a[{{ interval }}])) and $1:$2 and ${1}',
    });
  });

  test('tells the position of each object in a file of several', () => {
    const text = `${DEPLOYMENT}---\n# a comment\n---\n${DEPLOYMENT}`;
    expect(parseManifests('x.yaml', text, OPTIONS).map(({ position }) => position.line)).toEqual([1, 16]);
  });

  test('names file, line and column of broken YAML', () => {
    const { message, exit_code } = errorOf('apiVersion: v1\nkind: [\n');
    expect(message).toMatch(/^fixtures\/x\.yaml:3:1: /);
    expect(exit_code).toBe(64);
  });

  test('names the position of an image that was not chosen', () => {
    expect(errorOf(DEPLOYMENT.replace('mettle/shop', 'mettle/shopp')).message).toBe(
      'fixtures/x.yaml:11:18: no image shopp was chosen; chosen are shop',
    );
  });

  test('names the position of an unknown value', () => {
    expect(errorOf(DEPLOYMENT, { ...OPTIONS, values: { replicas: 1 } }).message).toBe(
      'fixtures/x.yaml:12:18: no value for ${namespace}; known are replicas',
    );
  });

  test.each(['- a\n- b\n', 'just text\n', 'apiVersion: v1\nkind: Pod\n'])(
    'refuses what is no object: %j',
    (text) => {
      expect(errorOf(text).message).toContain('expected a Kubernetes object');
    },
  );

  test('reads quoted texts as Go does, whose later lines are not indented', () => {
    const text = `apiVersion: v1
kind: ConfigMap
metadata: { name: x }
data:
  description: 'one line
  and another, isn''t it'
  other: fine
`;
    expect(parseManifests('x.yaml', text)[0]?.object['data']).toEqual({
      description: "one line and another, isn't it",
      other: 'fine',
    });
  });

  test('an empty file holds nothing', () => {
    expect(parseManifests('x.yaml', '# nothing\n')).toEqual([]);
  });
});

describe('readManifests', () => {
  test('reads a folder in the order of file names and refuses an empty one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mettle-manifests-'));
    try {
      await expect(readManifests(folder)).rejects.toThrow(UsageError);
      await writeFile(join(folder, '20-b.yaml'), named('b'));
      await writeFile(join(folder, '10-a.yml'), named('a'));
      await writeFile(join(folder, 'notes.txt'), 'nothing');
      const read = await readManifests(folder);
      expect(read.map(({ object }) => object.metadata.name)).toEqual(['a', 'b']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
