import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isClusterName } from '#harness/cluster/names.ts';
import { thisProcess } from '#harness/lease/owner.ts';
import { type Receipt, writeReceipt } from '#harness/lease/receipt.ts';
import { useFreshState } from '#harness/lease/testing/state.ts';
import { stateFolder } from '#harness/process/paths.ts';
import {
  checkId,
  isOffsiteId,
  makeFolder,
  networkName,
  offsiteFolder,
  receiptOf,
  refuseTakenId,
} from './places.ts';
import { healOffsite } from './remove.ts';
import { sealIn, unsealFrom } from './sealed.ts';

useFreshState();

async function mode(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

async function receipt(id: string, heal: Receipt['heal']): Promise<Receipt> {
  return {
    id: receiptOf(id),
    kind: 'offsite',
    subject: id,
    created_at: new Date().toISOString(),
    lease_s: 60,
    owner: await thisProcess(),
    heal,
  };
}

describe('places', () => {
  test.each(['', '-', 'A', '../x', 'a/b', 'a b', 'a-', 'a'.repeat(33)])('%j is no id', (id) => {
    expect(() => checkId(id)).toThrow('cannot be the name');
  });

  test('no id leaves the folder of what is off-site', () => {
    const pieces = fc.array(fc.constantFrom('a', 'Z', '9', '-', '.', '/', '..', '\n', ' ', '\0'));
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = parts.join('');
        expect(isOffsiteId(text) && !/^[a-z0-9-]+$/.test(text)).toBe(false);
      }),
    );
    expect(isOffsiteId('a9')).toBe(true);
  });

  test('the Git server stays published through its own network, whatever a cluster is called', () => {
    const letters = fc.constantFrom('a', 'm', 'o', 'p', 'z', '0', '9', '-');
    fc.assert(
      fc.property(fc.string({ unit: letters, minLength: 1, maxLength: 40 }), (text) => {
        const cluster = `mettle-${text}`;
        fc.pre(isClusterName(cluster));
        // Docker compares names byte by byte, as Go does.
        expect(Buffer.compare(Buffer.from(cluster), Buffer.from(networkName('zz')))).toBe(1);
      }),
    );
  });

  test('others of this machine reach nothing inside, users of containers write where they are let in', async () => {
    const folder = await makeFolder('a1');
    await expect(mode(folder)).resolves.toBe('700');
    await expect(mode(join(folder, 'backups'))).resolves.toBe('777');
    await expect(mode(join(folder, 'repositories'))).resolves.toBe('777');
  });

  test('an id that is in use is refused, and so is a folder that nobody owes', async () => {
    await expect(refuseTakenId('a1')).resolves.toBeUndefined();
    await writeReceipt(await receipt('a1', {}));
    await expect(refuseTakenId('a1')).rejects.toThrow('called a1 already');
    await mkdir(await offsiteFolder('a2'));
    await expect(refuseTakenId('a2')).rejects.toMatchObject({ exit_code: 3, message: /folder .*a2 already/ });
  });
});

describe('receipts', () => {
  test.each([
    ['a path for an id', { id: '../../x', image: 'i', state: 'ready' }],
    ['no id', { image: 'i', state: 'ready' }],
    ['no state', { id: 'a1', image: 'i' }],
  ])('one with %s removes nothing', async (_, heal) => {
    const folder = await makeFolder('a1');
    await expect(healOffsite(await receipt('a1', heal))).rejects.toThrow('Invalid');
    await expect(stat(folder)).resolves.toBeDefined();
  });
});

describe('sealed secrets', () => {
  const SECRETS = [
    { namespace: 'database', name: 'postgres', values: { password: 'planted-7f3a', username: 'shop' } },
    { namespace: 'flux-system', name: 'fleet', values: { password: 'planted-91bc' } },
  ];

  test('they are read back as they were written, by their owner alone', async () => {
    const folder = await makeFolder('a1');
    await sealIn(folder, SECRETS);
    await expect(unsealFrom(folder)).resolves.toStrictEqual(SECRETS);
    const path = join(folder, 'sealed-secrets.json');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    // One that was loosened before is closed again, and what it held is gone.
    await chmod(path, 0o644);
    await sealIn(folder, SECRETS.slice(1));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await expect(readFile(path, 'utf8')).resolves.not.toContain('planted-7f3a');
  });

  test('none that were sealed are an error of their own', async () => {
    const folder = await stateFolder('offsite');
    await expect(unsealFrom(folder)).rejects.toMatchObject({
      exit_code: 3,
      message: /No secrets are sealed/,
    });
  });

  test.each([
    '[{"namespace":"database","name":"postgres","values":{"password":"planted-7f3a"',
    '[{"planted-7f3a":1}]',
  ])('a damaged file is named and not quoted', async (text) => {
    const folder = await makeFolder('a1');
    await writeFile(join(folder, 'sealed-secrets.json'), text);
    const error: unknown = await unsealFrom(folder).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ exit_code: 3, message: /sealed-secrets\.json are damaged/ });
    expect(JSON.stringify([error, String(error), Reflect.get(Object(error), 'cause')])).not.toContain(
      'planted',
    );
  });
});
