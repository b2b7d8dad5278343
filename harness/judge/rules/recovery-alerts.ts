import { OFFSITE_OBSERVERS } from '#harness/core/recovery.ts';
import type { EpochMs, RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../facts.ts';
import { recoveryFacts, secondsText } from '../recovery-facts.ts';
import { requireWatchAfter } from '../recovery-watch.ts';
import { rule } from '../rule.ts';

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

/** The declared alerts fire for the loss and are resolved after it; no other fires. */
export const recoveryAlerts = rule(
  'alerts',
  'the declared alerts fire for the loss and are resolved after it, and no other fires',
  (facts) => {
    const { expectation, destroyed } = recoveryFacts(facts);
    requireWatchAfter(facts, 'alertmanager', destroyed.at);
    if (expectation.watch) {
      facts.requireObserver(OFFSITE_OBSERVERS.prometheus);
      facts.requireObserver(OFFSITE_OBSERVERS.alertmanager);
    }
    const states = statesSince(facts, destroyed.at);
    const fired = [...states.values()].filter((records) => records.some(fires));
    const names = new Set(fired.flatMap(([one]) => (one ? [one.subject] : [])));
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
