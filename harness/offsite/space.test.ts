import { describe, expect, test } from 'vitest';
import { GIB } from '#harness/machine/bytes.ts';
import { lackingSpace, type PlaceFact, restoreNeeds } from './space.ts';

const PLACES = { docker: '/docker', backups: '/backups' };

function free(
  docker_gib: number,
  backups_gib: number,
  devices: readonly [number, number],
): readonly PlaceFact[] {
  return [
    { path: '/docker', free_bytes: docker_gib * GIB, device: devices[0] },
    { path: '/backups', free_bytes: backups_gib * GIB, device: devices[1] },
  ];
}

describe('a restore', () => {
  const needs = restoreNeeds(2 * GIB, PLACES);

  test('needs room for the node, the database twice, and the backups that follow', () => {
    expect(needs).toMatchObject([
      { path: '/docker', bytes: 7 * GIB },
      { path: '/backups', bytes: 2 * GIB },
    ]);
  });

  test('fits where there is just enough', () => {
    expect(lackingSpace(needs, free(7, 2, [1, 2]))).toStrictEqual([]);
    expect(lackingSpace(needs, free(9, 9, [1, 1]))).toStrictEqual([]);
  });

  test.each([
    [
      6.9,
      2,
      [1, 2],
      ['6.9 GiB are free and 7.0 GiB are needed for the new node and the restored database (/docker)'],
    ],
    [7, 1.9, [1, 2], ['1.9 GiB are free and 2.0 GiB are needed for the backups that follow (/backups)']],
    // One file system gives its room once.
    [
      8,
      8,
      [1, 1],
      [
        '8.0 GiB are free and 9.0 GiB are needed for the new node and the restored database (/docker) and the backups that follow (/backups)',
      ],
    ],
  ] as const)('does not fit into %d and %d GiB on devices %j', (docker, backups, devices, lines) => {
    expect(lackingSpace(needs, free(docker, backups, devices))).toStrictEqual(lines);
  });

  test('is not judged without facts', () => {
    expect(() => lackingSpace(needs, [])).toThrow('nothing is known of /docker');
  });
});
