import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { syntheticRun } from '#harness/core/testing/synthetic-run.ts';
import { formatRecord } from '#harness/core/timeline-text.ts';
import { FAIL, SAMPLE_META } from './testing/sample-verdicts.ts';
import { writeReports } from './write.ts';

const LINES = syntheticRun({ rate_per_s: 40 }).map((record) => formatRecord(record));

let scenario_dir: string;

beforeEach(async () => {
  scenario_dir = await mkdtemp(join(tmpdir(), 'mettle-reports-'));
});

afterEach(async () => {
  await rm(scenario_dir, { recursive: true, force: true });
});

async function runFolder(name: string, lines: readonly string[] = LINES, verdict?: string): Promise<string> {
  const dir = join(scenario_dir, name);
  await mkdir(dir);
  await writeFile(join(dir, 'timeline.jsonl'), lines.join(''));
  await writeFile(join(dir, 'verdict.json'), verdict ?? JSON.stringify({ ...SAMPLE_META, ...FAIL }, null, 2));
  return dir;
}

describe('writeReports', () => {
  it('writes every report, whole, and points latest at the run', async () => {
    const dir = await runFolder('2026-01-15T10-00-00Z');
    const files = await writeReports(dir);
    expect(files.map((file) => file.slice(dir.length + 1))).toEqual([
      'report.html',
      'junit.xml',
      'summary.json',
      'summary.md',
    ]);
    expect((await readdir(dir)).sort()).toEqual([
      'junit.xml',
      'report.html',
      'summary.json',
      'summary.md',
      'timeline.jsonl',
      'verdict.json',
    ]);
    expect(await readlink(join(scenario_dir, 'latest'))).toBe('2026-01-15T10-00-00Z');
    const summary: unknown = JSON.parse(await readFile(join(dir, 'summary.json'), 'utf8'));
    expect(summary).toMatchObject({ schema: 1, outcome: 'fail', seed: 1, steps_s: { shipped: 0 } });
    expect(await readFile(join(dir, 'summary.md'), 'utf8')).toContain('fail: rollback/flagger-error-rate');
  });

  it('moves latest forward, and not back when an old run is rendered again', async () => {
    const old = await runFolder('2026-01-15T10-00-00Z');
    const recent = await runFolder('2026-01-16T10-00-00Z');
    await writeReports(old);
    await writeReports(recent);
    await writeReports(old);
    expect(await readlink(join(scenario_dir, 'latest'))).toBe('2026-01-16T10-00-00Z');
  });

  it('mends a latest that points nowhere', async () => {
    await symlink('2030-01-01T00-00-00Z', join(scenario_dir, 'latest'));
    await writeReports(await runFolder('2026-01-15T10-00-00Z'));
    expect(await readlink(join(scenario_dir, 'latest'))).toBe('2026-01-15T10-00-00Z');
  });

  it('renders a run named through latest, and renders it the same', async () => {
    const dir = await runFolder('2026-01-15T10-00-00Z');
    await writeReports(dir);
    const before = await readFile(join(dir, 'report.html'), 'utf8');
    await writeReports(join(scenario_dir, 'latest'));
    expect(await readFile(join(dir, 'report.html'), 'utf8')).toBe(before);
  });

  it('leaves out the unfinished last line of a run that was killed', async () => {
    const dir = await runFolder('2026-01-15T10-00-00Z', [
      ...LINES.slice(0, -1),
      (LINES.at(-1) ?? '').slice(0, 30),
    ]);
    await expect(writeReports(dir)).resolves.toHaveLength(4);
  });

  it.each([
    ['no JSON', '{"seq": 1,\n', ':3:1: this line is not JSON'],
    ['no record', '[]\n', ':3:1: this line is not a timeline record'],
    [
      'a kind of another version',
      '{"seq":3,"at":1,"source":"load","kind":"minute","subject":"x","data":{}}\n',
      ':3:33: unknown kind of record load/minute',
    ],
    [
      'a wrong field',
      '{"seq":3,"at":1,"source":"gateway","kind":"weight","subject":"x","data":{"primary_pct":90,"canary_pct":"10"}}\n',
      ':3:91: canary_pct: Invalid type: Expected number but received "10"',
    ],
  ])('names file, line and column of %s', async (_, line, message) => {
    const dir = await runFolder('2026-01-15T10-00-00Z', [...LINES.slice(0, 2), line, ...LINES.slice(2)]);
    await expect(writeReports(dir)).rejects.toMatchObject({
      name: 'UsageError',
      exit_code: 64,
      message: `${join(dir, 'timeline.jsonl')}${message}`,
    });
    expect(await readdir(dir)).not.toContain('report.html');
  });

  it('names the place of a fault in the verdict', async () => {
    const cut = await runFolder('2026-01-15T10-00-00Z', LINES, '{\n  "outcome": "pass"');
    await expect(writeReports(cut)).rejects.toThrow(/verdict\.json:2:20: not valid JSON/);
    const wrong = await runFolder('2026-01-16T10-00-00Z', LINES, '{\n  "outcome": "green"\n}');
    await expect(writeReports(wrong)).rejects.toThrow(/verdict\.json:2:3: outcome: /);
  });

  it('says what to name when the folder is no run', async () => {
    await expect(writeReports(join(scenario_dir, 'none'))).rejects.toMatchObject({
      name: 'UsageError',
      next: expect.stringContaining('latest'),
    });
    await expect(writeReports(scenario_dir)).rejects.toThrow(/cannot read .*timeline\.jsonl/);
  });
});
