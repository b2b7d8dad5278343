import type { TestCase } from 'junit-report-builder';
import { type RuleVerdict, standingOf, standingOfRun, type Verdict } from '#harness/core/verdict.ts';
import type { RunMeta } from '#harness/core/run-meta.ts';
import { measuredOf } from '../model/format.ts';
import { builder, clean } from './library.ts';

/**
 * The verdict for CI servers: the scenario is a suite, each rule a case. A broken rule is a failure; a rule without
 * evidence is an error of type `inconclusive`, so that no server counts it as passed. Where a break is known, the
 * contract's case is skipped, with the thread, and so is whatever else broke along with it; one that holds is a failure
 * of type `news`, so that somebody reads it.
 */
export function renderJunit(verdict: Verdict, meta: RunMeta): string {
  const report = builder().newBuilder().name('mettle');
  const suite = report
    .testSuite()
    .name(clean(meta.scenario))
    .timestamp(new Date(meta.started_at))
    .time(Math.max(0, meta.ended_at - meta.started_at) / 1000)
    .property('title', clean(meta.title))
    .property('run', clean(meta.run_id))
    .property('outcome', verdict.outcome)
    .property('standing', standingOfRun(verdict));
  // A suite without cases would be green on most servers.
  const rules = verdict.rules.length > 0 ? verdict.rules : [NOTHING_JUDGED];
  for (const rule of rules) {
    const one = suite
      .testCase()
      .className(clean(meta.scenario))
      .name(clean(`${rule.rule}: ${rule.promise}`))
      .property('limit', clean(rule.limit))
      .property('measured', clean(measuredOf(rule)));
    if (rule.derivation !== undefined) one.property('derivation', clean(rule.derivation));
    if (rule.evidence.length > 0) one.property('evidence', rule.evidence.join(' '));
    if (rule.remark !== undefined) one.property('remark', clean(rule.remark));
    if (rule.items !== undefined && rule.items.length > 0)
      one.standardOutput(rule.items.map(clean).join('\n'));
    conclude(one, rule, verdict);
  }
  return `${report.build()}\n`;
}

function conclude(one: TestCase, rule: RuleVerdict, verdict: Verdict): void {
  const standing = standingOf(verdict, rule);
  const thread = verdict.known_break?.thread ?? '';
  const expected = standingOfRun(verdict) === 'known-break';
  if (standing === 'news') one.failure(clean(`holds, although ${thread} says that it does not`), 'news');
  else if (standing === 'pass') return;
  else if (expected) one.property('known-break', thread).property('reason', clean(rule.reason)).skipped();
  else if (standing === 'inconclusive') one.error(clean(rule.reason), 'inconclusive');
  else one.failure(clean(rule.reason), 'fail');
}

const NOTHING_JUDGED: RuleVerdict = {
  rule: 'judged',
  promise: 'at least one rule is applied',
  outcome: 'inconclusive',
  reason: 'no rule was applied: nothing was judged',
  limit: '>= 1 rule',
  evidence: [],
};
