import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import { imageOf, loadBom, parseBom } from './bom.ts';
import { LOCKS } from './places.ts';

const text = await readFile(join(LOCKS, 'bom.yaml'), 'utf8');
const bom = await loadBom();

describe('the bill of materials', () => {
  const folders = Object.entries(bom.folders);
  const foreign = folders.flatMap(([name, { module, version }]) =>
    module ? [{ name, module, version }] : [],
  );
  const own = folders.filter(([, { module }]) => module === undefined).map(([name]) => name);

  test.each(foreign)('$name is locked at the version it names', async ({ name, module, version }) => {
    const lock = await readFile(join(LOCKS, name, 'go.mod'), 'utf8');
    expect(lock).toMatch(
      new RegExp(`^(require |\\t)${module.replaceAll('.', '\\.')} v${version}( //|$)`, 'm'),
    );
    expect(lock).not.toMatch(/=>\s*\.{0,2}\//);
    expect(await readFile(join(LOCKS, name, 'go.sum'), 'utf8')).toContain(`${module} v${version} h1:`);
  });

  test.each(own)('%s needs no module of others', async (name) => {
    expect(await readFile(join(LOCKS, name, 'go.mod'), 'utf8')).not.toContain('require');
  });

  test('names programs after their packages where a folder builds several', () => {
    for (const { programs } of Object.values(bom.folders)) {
      if (Object.keys(programs).length === 1) continue;
      for (const [program, path] of Object.entries(programs)) expect(path.endsWith(`/${program}`)).toBe(true);
    }
  });

  test('stamps the version it names into Kubernetes', () => {
    const kubernetes = bom.folders['kubernetes'];
    expect(kubernetes?.stamps['k8s.io/component-base/version.gitVersion']).toBe(`v${kubernetes?.version}`);
  });
});

describe('a broken bill of materials', () => {
  test('with a syntax error is refused with line and column', () => {
    expect(() => parseBom('go: 1.26.8\nfolders: {\n', 'bom.yaml')).toThrow(/^bom\.yaml:\d+:\d+: /);
  });

  test.each([
    ['a version that is none', text.replace('version: 0.33.0', 'version: latest'), 'folders.kind.version'],
    ['a member nobody knows', text.replace('debian: bookworm', 'debian: bookworm\ncentos: 7'), 'centos'],
    [
      'a program that nothing builds',
      text.replace('program: etcd,', 'program: etcdd,'),
      'no folder etcd builds etcdd',
    ],
    [
      'a root file system that is not listed',
      text.replace('rootfs: proxy', 'rootfs: proxies'),
      'no rootfs proxies',
    ],
    [
      'an image that is not listed',
      text.replace('loaded_last: [shop', 'loaded_last: [shops'),
      'no image shops',
    ],
    [
      'a user that is no number',
      text.replace("user: '65534:65534'", "user: 'nobody:nobody'"),
      'images.prometheus',
    ],
    [
      'a wheel that is not listed',
      text.replace('wheel: envoy\n', 'wheel: envoys\n'),
      'no wheel envoys holds envoy',
    ],
    [
      'a checksum that is none',
      text.replace(/amd64: [0-9a-f]{64}/, 'amd64: latest'),
      'wheels.envoy.sha256.amd64',
    ],
    [
      'a file outside of the image',
      text.replace('etc/group: accounts', '../etc/group: accounts'),
      'images.git',
    ],
    [
      'another version of nothing',
      text.replace('of: flagger,', 'of: flaggers,'),
      'there is no image flaggers',
    ],
    [
      'another version that is the same one',
      text.replace('of: flagger, folder: flagger-1.43', 'of: flagger, folder: flagger'),
      'images.flagger-1.43: flagger is version 1.44.0 as well',
    ],
    [
      'another version of what every node has',
      text.replace(
        'of: flagger, folder: flagger-1.43, program: flagger',
        'of: etcd, folder: etcd, program: etcd',
      ),
      'every node has its etcd already',
    ],
    [
      'a wheel that is called as a Go folder is',
      text.replace('wheels:\n  envoy:', 'wheels:\n  contour:').replace('wheel: envoy\n', 'wheel: contour\n'),
      'wheels.contour',
    ],
  ])('with %s is refused by name', (_what, broken, named) => {
    expect(broken).not.toBe(text);
    expect(() => parseBom(broken, 'bom.yaml')).toThrow(named);
  });

  test('a component that is not in it is refused with those that are', () => {
    expect(() => imageOf(bom, 'trafik')).toThrow('"trafik"');
    expect(() => imageOf(bom, 'trafik')).toThrow(UsageError);
    expect(() => imageOf(bom, 'constructor')).toThrow(UsageError);
  });
});
