import type { EpochMs } from '#harness/core/timeline.ts';
import type { Facts } from './facts.ts';
import { MissingEvidence } from './missing-evidence.ts';

/**
 * Makes sure that an observer watched again after the loss and to the end: what it watched may have gone with the
 * cluster.
 * @throws MissingEvidence when it never did, or lost its source for good
 */
export function requireWatchAfter(facts: Facts, name: string, destroyed_at: EpochMs): void {
  const states = facts.timeline.of('harness', 'observer').filter(({ subject }) => subject === name);
  const last = states.findLast(({ data }) => data.state !== 'ended');
  if (!last) throw new MissingEvidence(`nothing observed ${name}`);
  if (last.data.state === 'lost') {
    throw new MissingEvidence(
      `the observer of ${name} lost its source for good: ${last.data.note ?? 'no reason given'}`,
    );
  }
  const ended = states.find(({ data, at }) => data.state === 'ended' && at > last.at);
  if (ended && ended.at < destroyed_at) throw new MissingEvidence(`nothing observed ${name} after the loss`);
}
