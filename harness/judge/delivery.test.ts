import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  applied,
  CHART,
  commit,
  complaints,
  DELIVERED,
  deployed,
  expectation,
  fetched,
  FORMER,
  former,
  instead,
  judge,
  object,
  observer,
  READY,
  running,
  saysOf,
  subject,
  told,
} from './testing/delivery-run.ts';

describe('a release that came by commit', () => {
  test('passes every rule of the delivery and of the promotion', () => {
    expect(complaints(judge(DELIVERED()))).toEqual([]);
  });

  test('of a chart is known by the first digits of the commit', () => {
    const helm = expectation({ applier: subject('HelmRelease'), manager: 'helm-controller' });
    const records = DELIVERED()
      .filter(({ subject: about }) => ![subject('Kustomization'), helm.subject].includes(about))
      .concat(
        helm,
        object(subject('HelmRelease'), 4, { ...READY, revision: CHART, attempted: CHART }),
        deployed(4, 'helm-controller'),
        { ...told('good', CHART), subject: subject('HelmRelease') },
      );
    expect(complaints(judge(records))).toEqual([]);
  });

  test('may show itself by its first answer where pods do not name what they read', () => {
    const records = DELIVERED().filter(({ subject: about }) => !about.startsWith('Pod/'));
    expect(saysOf(judge(records), 'push-to-running')).toMatch(/^pass: .*running \d/);
  });
});

describe('whatever the times and the names', () => {
  const manager = fc.constantFrom(
    'kustomize-controller',
    'kubectl',
    'mettle',
    'helm-controller',
    'flagger',
    '',
  );

  test('a release is shipped by its commit only if it came after the push, by one manager alone', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -20, max: 20 }),
        fc.array(manager, { maxLength: 3 }),
        (after_s, managers) => {
          const by = managers.filter(Boolean).sort().join(' ');
          const verdict = judge(instead(deployed(), [deployed(after_s, by)]));
          const due = after_s >= 0 && by === 'kustomize-controller';
          expect(saysOf(verdict, 'shipped-by-commit').startsWith('pass')).toBe(due);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('the time to running is kept only if each step is in time', () => {
    const after = fc.integer({ min: 0, max: 60 });
    fc.assert(
      fc.property(after, after, after, (fetch_s, apply_s, start_s) => {
        const records = DELIVERED().filter(
          (one) => ![fetched().subject, running().subject].includes(one.subject) && one.at !== applied().at,
        );
        const times = [fetch_s, fetch_s + apply_s, fetch_s + apply_s + start_s] as const;
        const verdict = judge([
          ...records,
          fetched(times[0]),
          applied(times[1]),
          deployed(times[1]),
          running(times[2]),
        ]);
        const due = times[0] <= 8.25 && times[1] <= 13.25 && times[2] <= 38.25;
        expect(saysOf(verdict, 'push-to-running').startsWith('pass')).toBe(due);
      }),
      { numRuns: 60 },
    );
  });
});

describe('each promise of a delivery, broken, is noticed by its rule', () => {
  test('the delivery is suspended', () => {
    const records = [expectation(), observer(), former({ suspended: true }), commit(), fetched()];
    expect(saysOf(judge(records), 'shipped-by-commit')).toMatch(
      /^fail: .* never deployed v2: .* is suspended/,
    );
    expect(saysOf(judge(records), 'push-to-running')).toMatch(/^fail: applied never/);
    expect(saysOf(judge(records), 'delivery-told')).toMatch(/^pass|^fail/);
  });

  test('somebody deploys it by hand before the push', () => {
    expect(saysOf(judge(instead(deployed(), [deployed(-2, 'mettle')])), 'shipped-by-commit')).toMatch(
      /^fail: v2 was deployed 2\.0 s before its commit/,
    );
  });

  test('somebody deploys it by hand after the push', () => {
    expect(saysOf(judge(instead(deployed(), [deployed(1, 'kubectl')])), 'shipped-by-commit')).toBe(
      'fail: v2 was deployed by kubectl, not by kustomize-controller alone',
    );
  });

  test('somebody has a hand in it as well', () => {
    const records = [...DELIVERED(), deployed(30, 'kubectl kustomize-controller')];
    expect(saysOf(judge(records), 'shipped-by-commit')).toMatch(/^fail: v2 was deployed by kubectl/);
  });

  test('the controller never says that it applied the commit', () => {
    expect(saysOf(judge(instead(applied(), [])), 'shipped-by-commit')).toMatch(
      /^fail: .* never said that it applied/,
    );
  });

  test('it is fetched, applied or run too late', () => {
    expect(saysOf(judge(instead(fetched(), [fetched(9)])), 'push-to-running')).toMatch(
      /^fail: fetched 9\.0 s/,
    );
    expect(saysOf(judge(instead(applied(), [applied(14)])), 'push-to-running')).toMatch(
      /^fail: applied 14\.0 s/,
    );
    expect(saysOf(judge(instead(running(), [running(39)])), 'push-to-running')).toMatch(/^fail: running/);
  });

  test('the chat is not told, or is told of another commit', () => {
    expect(saysOf(judge(instead(told('good'), [])), 'delivery-told')).toMatch(/^fail/);
    expect(saysOf(judge(instead(told('good'), [told('good', FORMER)])), 'delivery-told')).toMatch(/^fail/);
  });

  test('what was not observed proves nothing', () => {
    const blind = instead(observer(), []);
    for (const rule of ['shipped-by-commit', 'push-to-running', 'delivery-told']) {
      expect(saysOf(judge(blind), rule)).toBe('inconclusive: nothing observed flux');
    }
    const lost = instead(observer(), [observer(), observer('lost')]);
    expect(saysOf(judge(lost), 'shipped-by-commit')).toMatch(/^inconclusive: the observer of flux lost/);
    expect(saysOf(judge(instead(commit(), [])), 'shipped-by-commit')).toMatch(/^inconclusive: no commit/);
  });
});
