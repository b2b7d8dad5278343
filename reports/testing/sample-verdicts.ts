import { combine, type RuleVerdict, type Verdict } from '#harness/core/verdict.ts';
import type { RunMeta } from '#harness/core/run-meta.ts';

/** Meta data for reports of synthetic runs. */
export const SAMPLE_META: RunMeta = {
  scenario: 'rollback/flagger-error-rate',
  title: 'A release that fails half of its requests is rolled back before it is promoted',
  started_at: Date.UTC(2026, 0, 15, 9, 59, 10),
  ended_at: Date.UTC(2026, 0, 15, 10, 1, 31),
  run_id: '20260115-095910-4f2a',
};

const PASSED: readonly RuleVerdict[] = [
  {
    rule: 'rolled-back',
    promise: 'the bad release is rolled back and the former one serves everything',
    outcome: 'pass',
    reason: 'phase Failed after 40.2 s, and v1 serves everything',
    limit: '<= 62.0 s to phase Failed, then v1 alone',
    measured: '40.2 s, then 1500 of 1500 answers by v1',
    derivation: '3 x interval until the first weight + (threshold + 1) x interval + 2 s',
    evidence: [34, 92, 120, 121, 122, 123, 124],
  },
  {
    rule: 'exposure',
    promise: 'users meet the bad release no longer than the specification allows',
    outcome: 'pass',
    reason: '30.0 s from the first to the last bad answer that a client received',
    limit: '<= 32.0 s',
    measured: '30.0 s',
    derivation: '(threshold 2 + 1) x interval 10 s + 2 s',
    evidence: [53, 94],
  },
  {
    rule: 'traffic-share',
    promise: 'the share of users on the new release is the declared weight',
    outcome: 'pass',
    reason: 'measured 0.0 % at 0 %, 10.0 % at 10 %, 0.0 % at 0 %',
    limit: '10 % +- 1.8 pp',
    measured: '10.0 %',
    derivation: '4 standard deviations of 8400 answers, and 0.5 pp',
    evidence: [34, 52, 91],
  },
  {
    rule: 'chat-told-once',
    promise: 'the channel is told exactly once, with the reason',
    outcome: 'pass',
    reason: '1 message says that the release failed',
    limit: '= 1 message',
    measured: '1 message',
    evidence: [93],
  },
];

/** A verdict in which every rule held. */
export const PASS: Verdict = combine(PASSED);

/** A verdict in which the exposure was too long. */
export const FAIL: Verdict = combine([
  ...PASSED.filter((rule) => rule.rule !== 'exposure'),
  {
    rule: 'exposure',
    promise: 'users meet the bad release no longer than the specification allows',
    outcome: 'fail',
    reason: '118.9 s from the first to the last bad answer that a client received',
    limit: '<= 32.0 s',
    measured: '118.9 s',
    derivation: '(threshold 2 + 1) x interval 10 s + 2 s',
    evidence: [53, 204],
  },
]);

/** A verdict that lacks evidence. */
export const INCONCLUSIVE: Verdict = combine(
  PASSED.map((rule) => ({
    rule: rule.rule,
    promise: rule.promise,
    outcome: 'inconclusive',
    reason: 'no load was measured',
    limit: 'evidence present',
    evidence: [],
  })),
);
