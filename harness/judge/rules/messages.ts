import type { ExpectedMessage } from '#harness/core/expectation.ts';
import type { RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

type Message = RecordOf<'chat', 'message'>;

/** Messages that fit what is expected, by sender, format, object and words. */
function fitting(facts: Facts, expected: ExpectedMessage): readonly Message[] {
  return facts.timeline
    .of('chat', 'message')
    .filter(
      ({ subject, data }) =>
        subject === expected.subject &&
        data.sender === expected.sender &&
        data.dialect === expected.dialect &&
        data.text.includes(expected.says),
    );
}

function way({ sender, dialect }: ExpectedMessage): string {
  return `${sender} by ${dialect}`;
}

/** Most findings that one reason names. */
const NAMED_MAX = 3;

function firstOf(findings: readonly string[]): string {
  const more = findings.length - NAMED_MAX;
  return [...findings.slice(0, NAMED_MAX), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

function expectedMessages(facts: Facts, refused: boolean): readonly ExpectedMessage[] {
  facts.requireObserver('chat');
  const messages = facts
    .expectation('messages')
    .messages.filter((one) => (one.refused !== undefined) === refused);
  if (messages.length === 0) throw new MissingEvidence('the scenario expects no such message');
  return messages;
}

/** Every message that a sender owed arrived once, understood: who says it, in which format, and of which object it speaks. */
export const messagesUnderstood = rule(
  'messages-understood',
  "every sender's message arrives once and is understood",
  (facts) => {
    const found = expectedMessages(facts, false).map((expected) => ({
      expected,
      messages: fitting(facts, expected),
    }));
    const wrong = found.filter(({ messages }) => messages.length !== 1);
    const ways = new Set(found.map(({ expected }) => way(expected)));
    return {
      outcome: wrong.length === 0 ? 'pass' : 'fail',
      reason:
        wrong.length === 0
          ? `${found.length} messages: ${[...ways].join(', ')}`
          : firstOf(
              wrong.map(
                ({ expected, messages }) =>
                  `${messages.length} messages of ${way(expected)} about ${expected.subject} say "${expected.says}" (${expected.event})`,
              ),
            ),
      limit: `each of ${found.length} messages once`,
      measured: `${found.length - wrong.length} of ${found.length}`,
      evidence: found.flatMap(({ messages }) => messages.map(({ seq }) => seq)),
    };
  },
);

/** What happened first is told first, by each sender in each format. */
export const messagesOrdered = rule(
  'messages-ordered',
  'each sender tells what happened in its order',
  (facts) => {
    const expected = expectedMessages(facts, false);
    const swapped = [...Map.groupBy(expected, (one) => `${way(one)} ${one.subject}`).values()].flatMap(
      (of_one) =>
        of_one.slice(1).flatMap((later, index) => {
          const earlier = of_one[index];
          const [first] = earlier ? fitting(facts, earlier) : [];
          const [second] = fitting(facts, later);
          if (!earlier || !first || !second) return [];
          return second.at < first.at ? [{ earlier, later, seqs: [first.seq, second.seq] }] : [];
        }),
    );
    const arrived = expected.flatMap((one) => fitting(facts, one));
    if (arrived.length === 0) throw new MissingEvidence('no message arrived');
    return {
      outcome: swapped.length === 0 ? 'pass' : 'fail',
      reason:
        swapped.length === 0
          ? `${arrived.length} messages in their order`
          : swapped
              .map(
                ({ earlier, later }) =>
                  `${way(later)} told of "${later.event}" before it told of "${earlier.event}"`,
              )
              .join('; '),
      limit: '0 messages before an earlier one',
      measured: `${swapped.length} messages`,
      evidence: swapped.length === 0 ? arrived.map(({ seq }) => seq) : swapped.flatMap(({ seqs }) => seqs),
    };
  },
);

/**
 * What senders do when the chat refuses a message once: a person is told later, or never. The contract is what each does in
 * the version that is locked; a version that does otherwise turns the rule red, whichever way.
 */
export const refusalAnswered = rule(
  'refusal-answered',
  'each sender does what is known of it when the chat refuses a message',
  (facts) => {
    const found = expectedMessages(facts, true).map((expected) => {
      const path = expected.refused?.path;
      const refusal = facts.timeline
        .of('harness', 'refused_messages')
        .findLast(({ data }) => data.sender === expected.sender && data.path === path);
      const messages = fitting(facts, expected);
      return { expected, refusal, messages };
    });
    const unmet = found.find(({ refusal }) => refusal === undefined || refusal.data.count === 0);
    if (unmet) {
      throw new MissingEvidence(
        `no message of ${way(unmet.expected)} was refused, so nothing is known of it`,
      );
    }
    const does = ({ messages }: (typeof found)[number]): 'told' | 'lost' =>
      messages.length > 0 ? 'told' : 'lost';
    const words = found.map(
      (one) =>
        `${way(one.expected)} ${does(one) === 'told' ? 'tells it again' : 'loses it'} (status ${one.expected.refused?.status ?? 0})`,
    );
    const other = found.filter((one) => does(one) !== one.expected.refused?.outcome);
    const twice = found.filter(({ messages }) => messages.length > 1);
    const problem = [
      ...other.map(
        (one) => `${way(one.expected)} was ${does(one)}, not ${one.expected.refused?.outcome ?? ''}`,
      ),
      ...twice.map((one) => `${way(one.expected)} told it ${one.messages.length} times`),
    ].join('; ');
    return {
      outcome: problem === '' ? 'pass' : 'fail',
      reason: problem === '' ? words.join('; ') : `${problem} (${words.join('; ')})`,
      limit: found.map(({ expected }) => `${way(expected)}: ${expected.refused?.outcome ?? ''}`).join(', '),
      measured: found.map((one) => `${way(one.expected)}: ${does(one)}`).join(', '),
      evidence: found.flatMap(({ refusal, messages }) => [
        ...(refusal ? [refusal.seq] : []),
        ...messages.map(({ seq }) => seq),
      ]),
    };
  },
);
