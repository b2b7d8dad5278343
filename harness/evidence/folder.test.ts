import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { collectEvidence } from './collect.ts';
import { EvidenceFolder } from './folder.ts';

const KUBECONFIG = `apiVersion: v1
kind: Config
clusters: [{ name: gone, cluster: { server: 'https://127.0.0.1:1' } }]
contexts: [{ name: gone, context: { cluster: gone, user: gone } }]
current-context: gone
users: [{ name: gone, user: {} }]
`;

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mettle-evidence-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

describe('EvidenceFolder', () => {
  test('keeps the end of a text that is too long, and says how much is missing', async () => {
    const folder = new EvidenceFolder(dir, { total_bytes: 100, file_bytes: 4 });
    await folder.write('logs/a.log', 'begin-end!');
    expect(await readFile(join(dir, 'logs/a.log'), 'utf8')).toBe('end!');
    expect(folder.files).toEqual([{ path: 'logs/a.log', bytes: 4, cut_bytes: 6 }]);
  });

  test('stops at its total and names what is missing', async () => {
    const folder = new EvidenceFolder(dir, { total_bytes: 5, file_bytes: 100 });
    await folder.write('a', '12345');
    await folder.write('b', 'more');
    expect(folder.files.map(({ path }) => path)).toEqual(['a']);
    expect(folder.gaps).toEqual([{ what: 'b', reason: 'the evidence already has 5 bytes' }]);
  });

  test('writes no secret', async () => {
    const folder = new EvidenceFolder(dir);
    await folder.write('a.log', 'login with password=pl4nt3d-v4lue');
    expect(await readFile(join(dir, 'a.log'), 'utf8')).not.toContain('pl4nt3d');
  });

  test('what fails becomes a gap', async () => {
    const folder = new EvidenceFolder(dir);
    await folder.attempt('logs', () => Promise.reject(new Error('no such pod')));
    expect(folder.gaps).toEqual([{ what: 'logs', reason: 'no such pod' }]);
  });
});

describe('collectEvidence', () => {
  test('never throws, even when there is no cluster at all, and says what is missing', async () => {
    const cluster = {
      name: 'gone',
      uid: 'none',
      api_server: 'https://127.0.0.1:1',
      kubeconfig: join(dir, 'kubeconfig'),
      ports: { gateway: 1, contour: 1, git: 1, postgres: 1, prometheus: 1, alertmanager: 1, chat: 1 },
      guarded: true,
    } as const;
    await writeFile(cluster.kubeconfig, KUBECONFIG);
    const evidence = await collectEvidence({
      cluster,
      namespace: 'shop',
      since: new Date(),
      out_dir: join(dir, 'evidence'),
      budget_s: 5,
    });
    expect(evidence.files).toEqual([]);
    expect(evidence.gaps.length).toBeGreaterThan(0);
    const index: unknown = JSON.parse(await readFile(join(dir, 'evidence/index.json'), 'utf8'));
    expect(index).toMatchObject({ cluster: 'gone', gaps: evidence.gaps });
  });
});
