import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeBy } from './judge-by.ts';
import type { Rule } from './rule.ts';
import { messagesOrdered, messagesUnderstood, refusalAnswered } from './rules/messages.ts';
import { runComplete } from './rules/run-complete.ts';

/** Judges a recorded run in which every sender had something to tell; where the chat refused some, by what became of those. */
export function judgeMessages(timeline: Timeline): Verdict {
  const expected = timeline
    .of('harness', 'expectation')
    .flatMap(({ data }) => (data.of === 'messages' ? data.messages : []));
  const rules: Rule[] = [runComplete];
  if (expected.some((one) => one.refused !== undefined)) rules.unshift(refusalAnswered);
  if (expected.length === 0 || expected.some((one) => one.refused === undefined)) {
    rules.unshift(messagesUnderstood, messagesOrdered);
  }
  // Nobody is served in such a run, so there is no load that it stands on.
  return judgeBy(rules, timeline, []);
}
