import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { contractRules } from './contracts/registry.ts';
import { judgeBy, ROLLOUT_GROUNDS } from './judge-by.ts';
import type { Rule } from './rule.ts';
import { alertUntouched } from './rules/alert-silence.ts';
import { faultsProven } from './rules/faults-proven.ts';
import { held } from './rules/held.ts';
import { momentsCame } from './rules/moments-came.ts';
import { noOtherLoss } from './rules/no-other-loss.ts';
import { withRoutes } from './rules/routes-agree.ts';
import { runComplete } from './rules/run-complete.ts';
import { trafficShare } from './rules/traffic-share.ts';

/** What must hold while a release is held back, whichever controller holds it. */
export const HOLD_RULES: readonly Rule[] = [held, trafficShare, noOtherLoss, alertUntouched, runComplete];

/**
 * Judges a rollout by the usual rules of its kind, less those that its specification leaves out with a reason, and by
 * the rules of the contracts that it settles. What was timed to a moment, and every fault, must have taken.
 */
export function judgeDeclared(usual: readonly Rule[], timeline: Timeline): Verdict {
  const spec = timeline.of('harness', 'spec')[0]?.data;
  const versions = timeline.of('harness', 'scenario')[0]?.data.versions;
  const left_out = new Set(Object.keys(spec?.rules_left_out ?? {}));
  const stays = ({ id }: Rule): boolean => !left_out.has(id);
  const rules = spec?.expected === 'hold' ? HOLD_RULES : usual;
  const grounds = [
    ...ROLLOUT_GROUNDS,
    ...(spec?.moments?.length ? [momentsCame] : []),
    ...(timeline.of('fault', 'injected').length > 0 ? [faultsProven] : []),
  ];
  const verdict = judgeBy(
    [...withRoutes(rules, timeline).filter(stays), ...(spec ? contractRules(spec, versions) : [])],
    timeline,
    grounds.filter(stays),
  );
  return spec?.known_break ? { ...verdict, known_break: spec.known_break } : verdict;
}
