import { expect, test } from 'vitest';
import { packageVersion } from './rootfs.ts';

const UNPACKED = `git-man_1%3a2.39.5-0+deb12u3_all.deb
git_1%3a2.39.5-0+deb12u3_amd64.deb
libstdc++6_12.2.0-14+deb12u1_amd64.deb
`;
const INSTALLED = 'containerd\t1.6.20~ds1-1+deb12u1\nlibc6:amd64\t2.36-9+deb12u14\n';

test.each([
  [UNPACKED, 'git', '1:2.39.5-0+deb12u3'],
  [UNPACKED, 'libstdc++6', '12.2.0-14+deb12u1'],
  [INSTALLED, 'containerd', '1.6.20~ds1-1+deb12u1'],
  [INSTALLED, 'libc6', '2.36-9+deb12u14'],
  [UNPACKED, 'lib', undefined],
  [INSTALLED, 'lib', undefined],
  ['', 'git', undefined],
])('in %j the version of %s is %s', (list, name, version) => {
  expect(packageVersion(list, name)).toBe(version);
});
