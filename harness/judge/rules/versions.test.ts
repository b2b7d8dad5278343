import { describe, expect, test } from 'vitest';
import { syntheticRun } from '#harness/core/testing/synthetic-run.ts';
import { type RunningVersion, Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import { judgeRun } from '../judge-run.ts';
import { versionsAsLocked, versionsDiffer } from './versions.ts';

const LOCKED = { 'mettle-a': '1.43.0', 'mettle-b': '1.44.0' };

const reading = (
  cluster: string,
  image_version: string,
  reported_version = image_version,
): RunningVersion => ({
  cluster,
  image_version,
  reported_version,
});

function records(
  read: readonly RunningVersion[],
  locked: Readonly<Record<string, string>> = LOCKED,
): TimelineRecord[] {
  return [
    {
      seq: 0,
      at: 1,
      source: 'harness',
      kind: 'expectation',
      subject: 'flagger',
      data: { of: 'versions', component: 'flagger', locked },
    },
    ...read.map(
      (data, index): TimelineRecord => ({
        seq: index + 1,
        at: 2,
        source: 'harness',
        kind: 'running_version',
        subject: 'flagger',
        data,
      }),
    ),
  ];
}

const OLD = reading('mettle-a', '1.43.0');
const NEW = reading('mettle-b', '1.44.0');
const RIGHT = [OLD, NEW];

describe('versions-as-locked', () => {
  test.each([
    ['images and programs as locked', RIGHT, 'pass'],
    ['another image', [reading('mettle-a', '1.44.0'), reading('mettle-b', '1.44.0')], 'fail'],
    ['a program that says another version', [reading('mettle-a', '1.43.0', '1.44.0'), NEW], 'fail'],
    ['a program that says nothing', [reading('mettle-a', '1.43.0', 'unknown'), NEW], 'fail'],
    ['a cluster that was never read', [OLD], 'inconclusive'],
  ] as const)('%s: %3$s', (_what, read, outcome) => {
    expect(versionsAsLocked.judge(new Timeline(records(read))).outcome).toBe(outcome);
  });

  test('without a declaration nothing is judged', () => {
    expect(versionsAsLocked.judge(new Timeline([])).outcome).toBe('inconclusive');
  });
});

describe('versions-differ', () => {
  test('two versions', () => {
    expect(versionsDiffer.judge(new Timeline(records(RIGHT)))).toMatchObject({
      outcome: 'pass',
      reason: 'mettle-a runs 1.43.0, mettle-b runs 1.44.0',
    });
  });

  test('the same version twice', () => {
    const same = [reading('mettle-a', '1.44.0'), reading('mettle-b', '1.44.0')];
    expect(versionsDiffer.judge(new Timeline(records(same))).outcome).toBe('fail');
  });

  test('one cluster alone proves nothing', () => {
    const one = records([reading('mettle-a', '1.43.0')], { 'mettle-a': '1.43.0' });
    expect(versionsDiffer.judge(new Timeline(one)).outcome).toBe('inconclusive');
  });
});

test('a promotion on one of two clusters is judged by its versions too', () => {
  const run = syntheticRun({ outcome: 'promotion' });
  const verdict = judgeRun(new Timeline([...records(RIGHT), ...run]));
  expect(verdict.rules.map(({ rule }) => rule)).toEqual(
    expect.arrayContaining(['versions-as-locked', 'versions-differ', 'promoted', 'load-self-check']),
  );
});
