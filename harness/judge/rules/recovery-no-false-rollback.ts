import type { RecordOf } from '#harness/core/timeline.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { recoveryFacts, someOf } from '../recovery-facts.ts';
import { requireWatchAfter } from '../recovery-watch.ts';
import { rule } from '../rule.ts';

type State = RecordOf<'kubernetes', 'object'>;

/** What a rollout was given up by; undefined when it was not. */
function givenUp({ subject, data }: State): string | undefined {
  const { phase, aborted } = data.fields;
  if (subject.startsWith('Canary/')) return phase === 'Failed' ? 'phase Failed' : undefined;
  return aborted === true ? 'aborted' : undefined;
}

/** No controller takes the rebuild for a bad release: nothing is rolled back or aborted afterwards. */
export const noFalseRollback = rule(
  'no-false-rollback',
  'no controller rolled anything back after the loss',
  (facts) => {
    const { expectation, destroyed } = recoveryFacts(facts);
    const { namespace } = expectation;
    const prefixes = ['Canary', 'Rollout'].map((kind) => `${kind}/${namespace}/`);
    const isRollout = (subject: string): boolean => prefixes.some((prefix) => subject.startsWith(prefix));
    const inventory = facts.timeline.of('recovery', 'inventory').find(({ data }) => data.moment === 'before');
    const known = inventory?.data.objects.filter(({ subject }) => isRollout(subject)) ?? [];
    const states = facts.timeline
      .of('kubernetes', 'object')
      .filter(({ subject, at }) => isRollout(subject) && at >= destroyed.at);
    const limit = '0 rollbacks';
    if (states.length === 0) {
      if (!inventory)
        throw new MissingEvidence(`no Canary and no Rollout of ${namespace} was observed after the loss`);
      if (known.length > 0) {
        throw new MissingEvidence(
          `${known.map(({ subject }) => subject).join(', ')} was not observed after the loss`,
        );
      }
      return {
        outcome: 'pass',
        reason: `there was no Canary and no Rollout in ${namespace} before the loss, nor after it`,
        limit,
        measured: '0 rollbacks',
        evidence: [inventory.seq],
      };
    }
    requireWatchAfter(facts, 'kubernetes', destroyed.at);
    const bad = states.filter((state) => givenUp(state) !== undefined);
    const lines = [...new Set(bad.map((state) => `${state.subject}: ${givenUp(state) ?? ''}`))];
    const last = new Map(states.map((state) => [state.subject, state]));
    return {
      outcome: bad.length === 0 ? 'pass' : 'fail',
      reason:
        bad.length === 0
          ? [...last.values()]
              .map(({ subject, data }) => `${subject} ended as ${String(data.fields.phase ?? 'unknown')}`)
              .join(', ')
          : someOf(lines),
      limit,
      measured: `${lines.length} rollbacks`,
      evidence: [...bad, ...last.values()].map(({ seq }) => seq),
      items: lines,
    };
  },
);
