import type { TestCase } from 'junit-report-builder';
import type { CheckVerdict } from '#harness/judge/guard/verdict.ts';
import { builder, clean } from '../junit/library.ts';
import { describeGround, explainGuard, type GuardReport, viewsOf } from './model.ts';

/**
 * A run for CI servers: each migration is a suite, each check a case. A check that fails is a failure; one without evidence is
 * an error of type `inconclusive`, so that no server counts it as passed. What somebody accepted, and what was left out
 * beforehand, is skipped.
 */
export function renderGuardJunit(report: GuardReport): string {
  const { facts, verdict } = report;
  const built = builder().newBuilder().name('mettle guard');
  const seconds = Math.max(0, facts.ended_at - facts.started_at) / 1000;
  for (const view of viewsOf(report)) {
    const suite = built
      .testSuite()
      .name(clean(view.name))
      .timestamp(new Date(facts.started_at))
      .time(seconds / facts.migrations.length)
      .property('outcome', view.outcome)
      .property('why', clean(explainGuard(verdict)))
      .property('ground', clean(describeGround(facts)));
    for (const check of view.checks) {
      const one = suite.testCase().className(clean(view.name)).name(check.check);
      describe(one, check);
    }
    for (const { check, why } of verdict.not_judged) {
      suite.testCase().className(clean(view.name)).name(check).property('left-out', clean(why)).skipped();
    }
  }
  if (facts.migrations.length === 0) {
    built
      .testSuite()
      .name('guard')
      .testCase()
      .name('judged')
      .error('no migration was judged', 'inconclusive');
  }
  return `${built.build()}\n`;
}

function describe(one: TestCase, check: CheckVerdict): void {
  const { outcome, severity, reason, limit, measured, derivation, items = [], accepted, safer } = check;
  one.property('limit', clean(limit)).property('severity', severity).property('reason', clean(reason));
  if (measured !== undefined) one.property('measured', clean(measured));
  if (derivation !== undefined) one.property('derivation', clean(derivation));
  if (items.length > 0) one.standardOutput(items.map(clean).join('\n'));
  if (outcome === 'pass') return;
  const [about] = check.statements;
  const place = about === undefined ? '' : ` (${about.position.file}:${about.position.line})`;
  if (accepted !== undefined) one.property('accepted', clean(accepted)).skipped();
  else if (outcome === 'inconclusive') one.error(clean(reason), 'inconclusive');
  else one.failure(clean(`${reason}${place}${safer === undefined ? '' : `; safer: ${safer.text}`}`), 'fail');
}
