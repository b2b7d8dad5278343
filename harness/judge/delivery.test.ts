import { describe, expect, test } from 'vitest';
import type { DeliveryExpectation } from '#harness/core/expectation.ts';
import { syntheticRun } from '#harness/core/testing/synthetic-run.ts';
import {
  type Draft,
  type EpochMs,
  type KubernetesObjectData,
  Timeline,
  type TimelineRecord,
} from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeDelivery } from './delivery.ts';

type Timed = Draft & { readonly at: EpochMs };
type Fields = KubernetesObjectData['fields'];

const COMMIT = '25cdcd85c53ef98ad76298b2f4231df6b3691507';
const CHART = '0.1.0+25cdcd85c53e.1';
const REVISION = `main@sha1:${COMMIT}`;
const FORMER = 'main@sha1:1111111111111111111111111111111111111111';

const PROMOTION = syntheticRun({ outcome: 'promotion' });
const SHIPPED_AT = PROMOTION.find(({ source }) => source === 'release')?.at ?? 0;

function object(subject: string, after_s: number, fields: Fields): Timed {
  return {
    at: SHIPPED_AT + after_s * 1000,
    source: 'kubernetes',
    kind: 'object',
    subject,
    data: { verb: 'modified', resource_version: String(after_s), fields },
  };
}

function namespaceOf(records: readonly TimelineRecord[]): string {
  const spec = records.find((record) => record.source === 'harness' && record.kind === 'spec');
  return spec?.source === 'harness' && spec.kind === 'spec' ? spec.data.namespace : '';
}

const NAMESPACE = namespaceOf(PROMOTION);
const subject = (kind: string): string => `${kind}/${NAMESPACE}/shop`;

function expectation(change: Partial<DeliveryExpectation> = {}): Timed {
  return {
    at: SHIPPED_AT - 60_000,
    source: 'harness',
    kind: 'expectation',
    subject: subject('Deployment'),
    data: {
      of: 'delivery',
      namespace: NAMESPACE,
      source: subject('GitRepository'),
      applier: subject('Kustomization'),
      workload: subject('Deployment'),
      manager: 'kustomize-controller',
      release: 'v2',
      serving: 'v1',
      outcome: 'applied',
      source_interval_s: 5,
      apply_s: 5,
      start_s: 25,
      ...change,
    },
  };
}

function commit(after_s = 0, files: readonly string[] = ['apps/shop/deployment.yaml']): Timed {
  return {
    at: SHIPPED_AT + after_s * 1000,
    source: 'git',
    kind: 'commit',
    subject: `Repository/${NAMESPACE}`,
    data: { revision: COMMIT, branch: 'main', message: 'Ship v2', author: 'a <b>', files },
  };
}

function observer(state: 'started' | 'lost' = 'started'): Timed {
  return { at: SHIPPED_AT - 50_000, source: 'harness', kind: 'observer', subject: 'flux', data: { state } };
}

function told(severity: 'good' | 'danger', revision = REVISION): Timed {
  return {
    at: SHIPPED_AT + 4_500,
    source: 'chat',
    kind: 'message',
    subject: subject('Kustomization'),
    data: {
      sender: 'flux',
      channel: 'flux',
      text: 'Deployment/shop configured',
      severity,
      fields: { revision },
    },
  };
}

const READY = {
  ready: true,
  failed: false,
  reason: 'ReconciliationSucceeded',
  message: 'Applied',
  suspended: false,
};
const fetched = (after_s = 3): Timed =>
  object(subject('GitRepository'), after_s, { ...READY, revision: REVISION });
const applied = (after_s = 4): Timed =>
  object(subject('Kustomization'), after_s, { ...READY, revision: REVISION, attempted: REVISION });
const former = (more: Fields = {}): Timed =>
  object(subject('Kustomization'), -40, { ...READY, revision: FORMER, attempted: FORMER, ...more });
const deployed = (after_s = 4, deployed_by = 'kustomize-controller'): Timed =>
  object(subject('Deployment'), after_s, { replicas: 1, ready: 1, release: 'v2', deployed_by });
const running = (after_s = 20): Timed =>
  object(`Pod/${NAMESPACE}/shop-1`, after_s, { phase: 'Running', ready: true, release: 'v2', restarts: 0 });

const DELIVERED = (): Timed[] => [
  expectation(),
  observer(),
  former(),
  commit(),
  fetched(),
  applied(),
  deployed(),
  running(),
  told('good'),
];

/** A promotion's record with a delivery in it; what the synthetic cluster says of the Deployment itself is left out. */
function judge(added: readonly Timed[], base: readonly TimelineRecord[] = PROMOTION): Verdict {
  const kept = base.filter(
    (record) =>
      (record.source !== 'kubernetes' || record.subject !== subject('Deployment')) &&
      !(record.subject.startsWith(`Pod/${NAMESPACE}/`) && record.at >= SHIPPED_AT),
  );
  const all = [...kept, ...added].sort((left, right) => left.at - right.at);
  return judgeDelivery(new Timeline(all.map((record, index) => ({ ...record, seq: index + 1 }))));
}

function saysOf(verdict: Verdict, rule: string): string {
  const found = verdict.rules.find((one) => one.rule === rule);
  return `${found?.outcome}: ${found?.reason}`;
}

const complaints = (verdict: Verdict): string[] =>
  verdict.rules
    .filter(({ outcome }) => outcome !== 'pass')
    .map((one) => `${one.rule}: ${one.outcome}: ${one.reason}`);

const instead = (of: Timed, now: readonly Timed[]): Timed[] => [
  ...DELIVERED().filter((one) => one.subject !== of.subject || one.kind !== of.kind || one.at !== of.at),
  ...now,
];

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

const WORDS =
  'Deployment.apps "shop" is invalid: spec.template.spec.containers[0].ports[0].containerPort: Invalid value';

function refusedAt(file: string, line: number): Timed {
  return {
    at: SHIPPED_AT + 5_000,
    source: 'git',
    kind: 'refused',
    subject: subject('Kustomization'),
    data: { revision: COMMIT, file, line, message: WORDS },
  };
}

/** The same load, served by the former release alone, as it is while nothing is rolled out. */
const UNDISTURBED: readonly TimelineRecord[] = PROMOTION.filter(
  ({ source, kind }) => !(source === 'harness' && kind === 'spec'),
).map((record) =>
  record.source === 'load' && record.kind === 'second'
    ? {
        ...record,
        data: { ...record.data, series: record.data.series.map((one) => ({ ...one, release: 'v1' })) },
      }
    : record,
);

const refusing = (): Timed[] => [
  expectation({ outcome: 'refused', start_s: 0 }),
  observer(),
  former(),
  commit(),
  fetched(),
  // While it is at work it is neither ready nor failed: that is no refusal yet.
  object(subject('Kustomization'), 3.5, {
    ready: false,
    failed: false,
    reason: 'Progressing',
    message: 'Reconciliation in progress',
    suspended: false,
    revision: FORMER,
    attempted: REVISION,
  }),
  object(subject('Kustomization'), 4, {
    ready: false,
    failed: true,
    reason: 'ReconciliationFailed',
    message: WORDS,
    suspended: false,
    revision: FORMER,
    attempted: REVISION,
  }),
  refusedAt('apps/shop/deployment.yaml', 17),
  told('danger'),
];

const judgeRefused = (records: readonly Timed[]): Verdict => judge(records, UNDISTURBED);

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
