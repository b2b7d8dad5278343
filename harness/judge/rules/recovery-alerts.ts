import { OFFSITE_OBSERVERS } from '#harness/core/recovery.ts';
import type { EpochMs, RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { recoveryFacts } from '../recovery-facts.ts';
import { requireWatchAfter } from '../recovery-watch.ts';
import { rule } from '../rule.ts';
import { secondsText } from '../seconds-text.ts';

const POLLED_OUTSIDE: readonly string[] = [OFFSITE_OBSERVERS.prometheus, OFFSITE_OBSERVERS.alertmanager];

type AlertRecord = RecordOf<'prometheus', 'alert'> | RecordOf<'alertmanager', 'alert'>;

function fires({ data }: AlertRecord): boolean {
  return data.state === 'firing' || data.state === 'active';
}

/** States after the loss, by who told them and what the alert is about. One that was told again has not begun again. */
function statesSince(facts: Facts, since: EpochMs): ReadonlyMap<string, readonly AlertRecord[]> {
  const all: readonly AlertRecord[] = [
    ...facts.timeline.of('prometheus', 'alert'),
    ...facts.timeline
      .of('alertmanager', 'alert')
      .filter(({ data }) => data.state === 'resolved' || data.starts_at >= since),
  ];
  const of = (one: AlertRecord): string =>
    `${one.source} ${one.subject} ${'labels' in one.data ? JSON.stringify(one.data.labels) : ''}`;
  return Map.groupBy(
    all.filter(({ at }) => at >= since),
    of,
  );
}

/**
 * Those off-site are asked once a second, on a machine that is busy with a rebuild: one that does not answer for a while is no
 * ground to doubt what was seen, and what was told in a gap the chat keeps for the rule about it.
 */
function requireWatchOutside(facts: Facts, destroyed_at: EpochMs): void {
  for (const name of POLLED_OUTSIDE) requireWatchAfter(facts, name, destroyed_at);
}

/** @throws MissingEvidence when an alert that was not seen to fire may have done so while nobody could look */
function requireUnbroken(
  facts: Facts,
  { since, unseen }: { readonly since: EpochMs; readonly unseen: readonly string[] },
): void {
  const lost = facts.timeline
    .of('harness', 'observer')
    .find(
      ({ subject, at, data }) => POLLED_OUTSIDE.includes(subject) && data.state === 'lost' && at >= since,
    );
  if (!lost || unseen.length === 0) return;
  throw new MissingEvidence(
    `${unseen.join(', ')} was not seen to fire, and the observer of ${lost.subject} had lost its source for a while`,
  );
}

/** The declared alerts fire for the loss and are resolved after it; no other fires. */
export const recoveryAlerts = rule(
  'alerts',
  'the declared alerts fire for the loss and are resolved after it, and no other fires',
  (facts) => {
    const { expectation, destroyed } = recoveryFacts(facts);
    requireWatchAfter(facts, 'alertmanager', destroyed.at);
    if (expectation.watch) requireWatchOutside(facts, destroyed.at);
    const states = statesSince(facts, destroyed.at);
    const fired = [...states.values()].filter((records) => records.some(fires));
    const names = new Set(fired.flatMap(([one]) => (one ? [one.subject] : [])));
    requireUnbroken(facts, {
      since: destroyed.at,
      unseen: expectation.alerts.filter((name) => !names.has(name)),
    });
    const open = fired.filter((records) => records.at(-1) && records.slice(-1).some(fires));
    const problems = [
      ...expectation.alerts.filter((name) => !names.has(name)).map((name) => `${name} never fired`),
      ...[...names]
        .filter((name) => !expectation.alerts.includes(name))
        .map((name) => `${name} fired, which nobody expected`),
      ...open.map(([one]) => `${one?.subject ?? ''} was not resolved (${one?.source ?? ''})`),
    ];
    const since = (record: AlertRecord | undefined): string =>
      record ? secondsText(record.at - destroyed.at) : 'never';
    const told = fired.map((records) => {
      const first = records.find(fires);
      const last = records.at(-1);
      return `${first?.subject ?? ''} (${first?.source ?? ''}) fired ${since(first)} after the loss, last state ${last?.data.state ?? ''} at ${since(last)}`;
    });
    return {
      outcome: problems.length === 0 ? 'pass' : 'fail',
      reason:
        problems.length > 0
          ? problems.join('; ')
          : told.length > 0
            ? told.join('; ')
            : 'no alert fired, as declared',
      limit: expectation.alerts.length === 0 ? 'no alert fires' : `${expectation.alerts.join(', ')} alone`,
      measured: names.size === 0 ? 'none' : [...names].join(', '),
      evidence: fired.flatMap((records) => records.map(({ seq }) => seq)),
      items: [...problems, ...told],
    };
  },
);
