import { describe, expect, test } from 'vitest';
import {
  applied,
  complaints,
  deployed,
  judge,
  judgeRefused,
  refusedAt,
  refusing,
  saysOf,
  SHIPPED_AT,
  subject,
} from './testing/delivery-run.ts';

describe('a commit that cannot be applied', () => {
  test('is refused with file and line, and nobody notices', () => {
    expect(complaints(judgeRefused(refusing()))).toEqual([]);
    expect(saysOf(judgeRefused(refusing()), 'commit-refused')).toMatch(
      /^pass: apps\/shop\/deployment\.yaml:17: /,
    );
  });

  test('that is applied all the same is noticed', () => {
    expect(saysOf(judgeRefused([...refusing(), applied(8)]), 'commit-refused')).toMatch(
      /^fail: commit .* was applied/,
    );
    expect(saysOf(judgeRefused([...refusing(), deployed(8)]), 'release-untouched')).toMatch(
      /^fail: 1 states/,
    );
  });

  test('of which nothing is said, or no place is found, is noticed', () => {
    const silent = refusing().filter(
      ({ at, subject: about }) => about !== subject('Kustomization') || at < SHIPPED_AT,
    );
    expect(saysOf(judgeRefused(silent), 'commit-refused')).toMatch(/^fail: nothing was said/);
    const nowhere = refusing().filter(({ kind }) => kind !== 'refused');
    expect(saysOf(judgeRefused(nowhere), 'commit-refused')).toMatch(/^fail: the refusal was not led back/);
    const elsewhere = [...nowhere, refusedAt('README.md', 3)];
    expect(saysOf(judgeRefused(elsewhere), 'commit-refused')).toMatch(/^fail: README\.md:3 is no line/);
  });

  test('that was never fetched proves nothing', () => {
    const records = refusing().filter(({ subject: about }) => about !== subject('GitRepository'));
    expect(saysOf(judgeRefused(records), 'commit-refused')).toMatch(/^inconclusive/);
  });

  test('that users meet all the same is noticed', () => {
    expect(saysOf(judge(refusing()), 'release-untouched')).toMatch(
      /^fail: 0 states .* not all answers came from v1/,
    );
  });
});
