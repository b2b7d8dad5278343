import type { RecordOf } from '#harness/core/timeline.ts';
import { rolloutSubject } from '../endings.ts';
import type { Facts } from '../facts.ts';
import { rule } from '../rule.ts';

type Message = RecordOf<'chat', 'message'>;

/** What Argo Rollouts told about the judged Rollout after shipping. */
function messagesOf(facts: Facts): readonly Message[] {
  const subject = rolloutSubject(facts.argo);
  const from = facts.shipped.at;
  facts.requireObserver('chat');
  return facts.timeline
    .of('chat', 'message')
    .filter(
      (record) => record.at >= from && record.data.sender === 'argo-rollouts' && record.subject === subject,
    );
}

/** Messages by what they tell, in the words of our templates (fixtures/manifests/argo-rollouts). */
function telling(messages: readonly Message[], what: RegExp): readonly Message[] {
  return messages.filter((record) => what.test(record.data.text));
}

const BEGAN = / began$/m;
const STEP = / completed a step$/m;
const COMPLETED = / completed$/m;
const ABORTED = / aborted\b/;
const DEGRADED = / is degraded\b/;

/** The release is named in the message, for the person who reads it. */
function names(message: Message, release: string): boolean {
  return message.data.text.includes(`release ${release} `) || message.data.fields['release'] === release;
}

/**
 * Contract A23: one message for each event. The abort is told once by each of the two ways, with the reason in Argo
 * Rollouts' words (analysis/analysis.go, assessMetricFailureInconclusiveOrError), and nobody is told that the release
 * completed.
 */
export const chatToldArgo = rule(
  'chat-told',
  'the chat is told of the rollback exactly once by each way, with the reason',
  (facts) => {
    const { failure_limit, next_release } = facts.argo;
    const messages = messagesOf(facts);
    const aborted = telling(messages, ABORTED).filter((one) => !DEGRADED.test(one.data.text));
    const degraded = telling(messages, DEGRADED);
    const completed = telling(messages, COMPLETED);
    const reason = `failed (${failure_limit + 1}) > failureLimit (${failure_limit})`;
    const reasoned = [...aborted, ...degraded].every((one) => one.data.text.includes(reason));
    const named = aborted.every((one) => names(one, next_release));
    const once = aborted.length === 1 && degraded.length === 1 && completed.length === 0;
    const measured = `${aborted.length} aborted, ${degraded.length} degraded, ${completed.length} completed`;
    const problem = !once
      ? `told ${measured}`
      : !reasoned
        ? `a message lacks the reason: "${[...aborted, ...degraded].find((one) => !one.data.text.includes(reason))?.data.text ?? ''}"`
        : named
          ? undefined
          : `the message does not name release ${next_release}: "${aborted[0]?.data.text ?? ''}"`;
    return {
      outcome: problem === undefined ? 'pass' : 'fail',
      reason: problem ?? `told once each: "${aborted[0]?.data.text ?? ''}"`,
      limit: `1 aborted, 1 degraded, 0 completed, with "${reason}"`,
      measured,
      evidence: [...aborted, ...degraded, ...completed].map((one) => one.seq),
    };
  },
);

/** A promotion is told once at its begin, at each step and at its end, and nobody is told of a failure. */
export const chatCalmArgo = rule(
  'chat-calm',
  'each event of the promotion is told once, and no failure',
  (facts) => {
    const { steps } = facts.argo;
    const messages = messagesOf(facts);
    const failures = messages.filter((one) => one.data.severity === 'danger');
    const [began, stepped, completed] = [BEGAN, STEP, COMPLETED].map((what) => telling(messages, what));
    // Each weight is a step, and each time that it is held is another.
    const steps_expected = 2 * steps.length;
    const counts = [began?.length ?? 0, stepped?.length ?? 0, completed?.length ?? 0] as const;
    const holds = failures.length === 0 && counts[0] === 1 && counts[1] === steps_expected && counts[2] === 1;
    const measured = `${counts[0]} began, ${counts[1]} steps, ${counts[2]} completed, ${failures.length} failures`;
    return {
      outcome: holds ? 'pass' : 'fail',
      reason: failures[0] ? `told of a failure: "${failures[0].data.text}"` : `told ${measured}`,
      limit: `1 began, ${steps_expected} steps, 1 completed, 0 failures`,
      measured,
      evidence: messages.map((one) => one.seq),
    };
  },
);
