import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { syntheticRun, type SyntheticRunOptions } from '#harness/core/testing/synthetic-run.ts';
import { formatRecord } from '#harness/core/timeline-text.ts';
import { type Ended, Program } from './testing/program.ts';

let program: Program;

beforeEach(() => {
  program = new Program();
});

afterEach(() => {
  program[Symbol.dispose]();
});

const mettle = (...args: string[]): Promise<Ended> => program.run(...args);
const write = (name: string, text: string): string => program.write(name, text);

function writeRun(options: SyntheticRunOptions): void {
  write('timeline.jsonl', syntheticRun(options).map(formatRecord).join(''));
}

describe('help', () => {
  test.each([
    ['--help'],
    ['run', '--help'],
    ['list', '--help'],
    ['doctor', '--help'],
    ['validate', '--help'],
    ['judge', '--help'],
    ['report', '--help'],
    ['cluster', '--help'],
    ['images', '--help'],
    ['cleanup', '--help'],
  ])('%s %s shows an example and exits 0', async (...args) => {
    const { code, out, err } = await mettle(...args.filter(Boolean));
    expect(out).toMatch(/Examples?:/);
    expect(err).toBe('');
    expect(code).toBe(0);
  });
});

describe('bad input', () => {
  test('an unknown scenario gets the nearest names and exit code 64', async () => {
    const { code, err } = await mettle('run', 'rollback/flager-eror-rate');
    expect(err).toContain('error: there is no scenario "rollback/flager-eror-rate"');
    expect(err).toMatch(
      /next: did you mean rollback\/flagger-error-rate( or [^ ]+)*\? `mettle list` shows all/,
    );
    expect(err).toContain('exit 64 (usage): there is no scenario "rollback/flager-eror-rate"');
    expect(code).toBe(64);
  });

  test('a malformed configuration gets file, line and column of each mistake', async () => {
    write('mettle.yaml', 'images: sometimes\nkeep: on-failure\nregisty: mirror.example\n');
    const { code, err } = await mettle('run', '--dry-run');
    expect(err).toContain('mettle.yaml:1:9: images: must be one of auto, pull, build');
    expect(err).toContain('mettle.yaml:3:1: unknown key registy');
    expect(code).toBe(64);
  });

  test('a malformed release document gets file, line and column', async () => {
    const file = write('release.yaml', 'release: v2\nbehaviour:\n  errors: { ratio: 1.5 }\n');
    const { code, err } = await mettle('validate', file);
    expect(err).toContain('release.yaml:3:20: behaviour.errors.ratio: must be a number from 0 to 1, not 1.5');
    expect(code).toBe(64);
  });

  test.each([
    [['run', '--images', 'sometimes'], 'Allowed choices are auto, pull, build'],
    [['run', '--repeat', 'often'], 'whole number from 1 to 1000'],
    [['run', '--registry', 'https://mirror.example'], 'without a scheme'],
    [['run', '--frobnicate'], "unknown option '--frobnicate'"],
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['judge'], "missing required argument 'run'"],
    [['judge', 'nowhere'], 'cannot read nowhere/timeline.jsonl'],
    [['report', 'nowhere'], 'no run folder nowhere'],
    [['validate', 'nothing.yaml'], 'cannot read nothing.yaml'],
  ])('%j says what is wrong and exits 64', async (args, message) => {
    const { code, err } = await mettle(...args);
    expect(err).toContain(message);
    expect(err.trim().split('\n').at(-1)).toMatch(/^exit 64 \(usage\): /);
    expect(code).toBe(64);
  });

  test('a timeline with a broken line gets file and line', async () => {
    write('timeline.jsonl', '{"seq":0}\n');
    const { code, err } = await mettle('judge', '.');
    expect(err).toContain('timeline.jsonl:1:1: this line is not a timeline record');
    expect(code).toBe(64);
  });
});

describe('list', () => {
  test('names every scenario with its promise', async () => {
    const { code, out } = await mettle('list', '--json');
    const scenarios: { name: string; promises: string[] }[] = JSON.parse(out);
    expect(scenarios.map((one) => one.name)).toContain('rollback/flagger-error-rate');
    expect(scenarios.every((one) => one.promises.length > 0)).toBe(true);
    expect(code).toBe(0);
  });
});

describe('judge', () => {
  test.each([
    [{ outcome: 'rollback' }, 0, 'exit 0 (pass): all '],
    [{ outcome: 'never-rolled-back' }, 1, 'exit 1 (fail): rolled-back: '],
    [{ load: 'absent' }, 2, 'exit 2 (inconclusive): '],
  ] as const)('%j exits %i', async (options, expected, last) => {
    writeRun(options);
    const { code, err } = await mettle('judge', '.');
    expect(err.trim().split('\n').at(-1)).toContain(last);
    expect(code).toBe(expected);
  });

  test('--json prints only JSON on standard output', async () => {
    writeRun({ outcome: 'rollback' });
    const { out } = await mettle('judge', '.', '--json');
    expect(JSON.parse(out)).toMatchObject({ outcome: 'pass' });
  });
});
