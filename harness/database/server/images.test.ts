import { describe, expect, test } from 'vitest';
import { UnfitError } from '#harness/core/errors.ts';
import { chooseImage, type PostgresImage } from './images.ts';

const OFFICIAL: PostgresImage = { name: 'postgres:17.5', version: '17.5' };
const OLDER: PostgresImage = { name: 'mirror.example/postgis/postgis:13-3.5', version: '13' };
const OWN: PostgresImage = { name: 'localhost/mettle/postgres:bookworm-1', version: undefined };

describe('the image of a container', () => {
  test.each([
    [undefined, [OFFICIAL, OLDER, OWN], OFFICIAL],
    ['17', [OFFICIAL, OLDER], OFFICIAL],
    ['13', [OFFICIAL, OLDER], OLDER],
    // What its tag does not say, its server will.
    ['15', [OFFICIAL, OWN], OWN],
  ] as const)('for %s', (version, images, chosen) => {
    expect(chooseImage(images, version)).toBe(chosen.name);
  });

  test('is not another version', () => {
    expect(() => chooseImage([OFFICIAL], '1')).toThrow(UnfitError);
    expect(() => chooseImage([OFFICIAL], '16')).toThrow('no image of PostgreSQL 16 is on this machine');
    expect(() => chooseImage([], undefined)).toThrow('no image of PostgreSQL is on this machine');
    expect(() => chooseImage([], '17')).toThrow(
      expect.objectContaining({
        next: 'Bring one (docker pull postgres:17), or choose --engine embedded.',
      }),
    );
  });
});
