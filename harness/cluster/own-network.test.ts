import { describe, expect, test } from 'vitest';
import { isWithin } from './own-network.ts';

describe('an address of a network', () => {
  test.each([
    ['172.20.0.2', ['172.20.0.0/16'], true],
    ['172.21.0.2', ['172.20.0.0/16'], false],
    ['172.21.0.2', ['fc00:f853:ccd:e793::/64', '172.20.0.0/16', '172.21.0.0/24'], true],
    ['172.21.1.2', ['fc00:f853:ccd:e793::/64', '172.20.0.0/16', '172.21.0.0/24'], false],
    // Nobody's network: an adopted cluster has none of Mettle's.
    ['172.20.0.2', [], false],
    ['', ['0.0.0.0/0'], false],
    ['shop.example', ['0.0.0.0/0'], false],
  ] as const)('%j in %j: %j', (address, subnets, is) => {
    expect(isWithin(address, subnets)).toBe(is);
  });
});
