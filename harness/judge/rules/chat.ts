import type { RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../facts.ts';
import { rule } from '../rule.ts';

/** Messages about the judged Canary that say it failed, after shipping. */
function failureMessages(facts: Facts): readonly RecordOf<'chat', 'message'>[] {
  const { app, namespace } = facts.spec;
  const from = facts.shipped.at;
  facts.requireObserver('chat');
  return facts.timeline
    .of('chat', 'message')
    .filter(
      (record) =>
        record.at >= from &&
        record.data.sender === 'flagger' &&
        record.data.severity === 'danger' &&
        record.subject === `Canary/${namespace}/${app}`,
    );
}

/**
 * Contract F8: every rollback is announced. Flagger 1.44 sends `Failed checks threshold reached N` with severity
 * error (pkg/controller/scheduler.go, rollback).
 */
export const chatTold = rule(
  'chat-told',
  'the chat is told of the rollback exactly once, with the reason',
  (facts) => {
    const { threshold } = facts.flagger;
    const messages = failureMessages(facts);
    const reasoned = messages.filter((record) =>
      record.data.text.includes(`Failed checks threshold reached ${threshold}`),
    );
    const holds = messages.length === 1 && reasoned.length === 1;
    const texts = messages.map((record) => `"${record.data.text}"`).join(', ');
    return {
      outcome: holds ? 'pass' : 'fail',
      reason:
        messages.length === 0
          ? 'no message announced the rollback'
          : `${messages.length} announced it: ${texts}`,
      limit: '1 message that names the failed checks',
      measured: `${messages.length} messages`,
      evidence: messages.map((record) => record.seq),
    };
  },
);

/** A promotion announces success and no failure. */
export const chatCalm = rule('chat-calm', 'nobody is told of a failure', (facts) => {
  const failures = failureMessages(facts);
  const from = facts.shipped.at;
  const finished = facts.timeline
    .of('chat', 'message')
    .filter((record) => record.at >= from && /promotion finished/i.test(record.data.text));
  const holds = failures.length === 0 && finished.length === 1;
  return {
    outcome: holds ? 'pass' : 'fail',
    reason:
      failures.length > 0
        ? `told of a failure: "${failures[0]?.data.text ?? ''}"`
        : `${finished.length} messages announced that the promotion finished`,
    limit: '0 failures, 1 promotion finished',
    measured: `${failures.length} failures, ${finished.length} promotions finished`,
    evidence: [...failures, ...finished].map((record) => record.seq),
  };
});
