import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FAULTS } from '#harness/faults/catalogue.ts';
import { type Ended, Program } from './testing/program.ts';

let program: Program;

beforeEach(() => {
  program = new Program();
});

afterEach(() => {
  program[Symbol.dispose]();
});

const fault = (...args: string[]): Promise<Ended> => program.run('fault', ...args);
const PLACE = ['--cluster', 'play', '--namespace', 'shop'];

describe('mettle fault list', () => {
  test('says of each fault what it breaks, how far it reaches and what it can be told', async () => {
    const { code, out, err } = await fault('list');
    expect(out).toContain(
      'pod-kill\n    ends pods at once; whoever is being answered by them gets no answer\n    reach: in one namespace, 10 pods at most\n      labels=text: label selector of the pods',
    );
    expect(out.split('\n').filter((line) => /^[a-z]/.test(line))).toEqual(FAULTS.map(({ name }) => name));
    expect(err).toBe(`exit 0 (pass): ${FAULTS.length} faults\n`);
    expect(code).toBe(0);
  });

  test('prints only JSON with --json', async () => {
    const { code, out } = await fault('list', '--json');
    const listed: unknown = JSON.parse(out);
    expect(listed).toHaveLength(FAULTS.length);
    expect(listed).toContainEqual(
      expect.objectContaining({ name: 'pod-kill', radius: { reach: 'own', pods_max: 10 } }),
    );
    expect(code).toBe(0);
  });
});

describe('mettle fault', () => {
  test('shows examples', async () => {
    const { code, out } = await fault('--help');
    expect(out).toContain('--dry-run');
    expect(out).toMatch(/Examples:\n {2}mettle fault list/);
    expect(code).toBe(0);
  });

  test.each<[string, string[], string, string]>([
    ['an unknown fault', ['pod-kil', ...PLACE], 'there is no fault "pod-kil"', 'did you mean pod-kill?'],
    [
      'no cluster',
      ['pod-kill', '--namespace', 'shop'],
      'required option --cluster <name> not specified',
      '`mettle cluster list` shows the clusters',
    ],
    [
      'no namespace',
      ['pod-kill', '--cluster', 'play'],
      'required option --namespace <name> not specified',
      '`mettle cluster list` shows the clusters',
    ],
    [
      'an unknown option of the fault',
      ['pod-kill', ...PLACE, '--option', 'label=app=shop'],
      'fault pod-kill has no option "label"',
      'Did you mean labels?',
    ],
    [
      'an option without a value',
      ['pod-kill', ...PLACE, '--option', 'labels'],
      '--option "labels" is not of the form key=value',
      'For example',
    ],
    [
      'an unknown moment',
      ['pod-kill', ...PLACE, '--option', 'labels=app=shop', '--at', 'promotoin'],
      '--at "promotoin" is no moment of a rollout',
      'Did you mean promotion?',
    ],
    [
      'a lease that is too long',
      ['pod-kill', ...PLACE, '--lease', '3601'],
      "option '--lease <seconds>' argument '3601' is invalid",
      '`mettle --help`',
    ],
  ])('refuses %s before any cluster is asked', async (_what, args, complaint, next) => {
    const { code, out, err } = await fault(...args);
    expect(err).toContain(`error: ${complaint}`);
    expect(err).toContain(`next: ${next}`);
    expect(err).toContain('exit 64 (usage): ');
    expect(out).toBe('');
    expect(code).toBe(64);
  });

  test('refuses a cluster that Mettle neither made nor was given', async () => {
    const { code, err } = await fault('pod-kill', ...PLACE, '--option', 'labels=app=shop', '--dry-run');
    expect(err).toContain('error: Refusing to act on cluster mettle-play: Mettle has no record');
    expect(code).toBe(3);
  });
});
