import { MissingEvidence } from '../missing-evidence.ts';
import { atMost, rule } from '../rule.ts';

/** Orders are taken again soon after the database's pod was killed; the pod that serves then is another. */
export const databaseBack = rule(
  'database-back',
  'orders are taken again soon after the database was killed',
  (facts) => {
    const { database, back_within_s } = facts.expectation('database-loss');
    facts.requireObserver('stack/postgres');
    const killed = facts.timeline.records.find(
      ({ source, kind, subject }) => source === 'fault' && kind === 'injected' && subject === database,
    );
    if (!killed) throw new MissingEvidence('the database was never killed');
    const refused = facts.series(({ route, bad }) => route === '/orders' && bad);
    const last = Math.max(...refused.map(({ series }) => series.last_at));
    if (refused.length === 0) throw new MissingEvidence('no order was refused, so nobody noticed the loss');
    const replaced = facts.timeline
      .of('kubernetes', 'object')
      .filter(({ subject, seq }) => subject === database && seq > killed.seq)
      .find(({ data }) => data.verb === 'deleted');
    if (!replaced) throw new MissingEvidence('the pod of the database was never seen to go');
    const away_s = (last - killed.at) / 1000;
    return {
      outcome: away_s <= back_within_s ? 'pass' : 'fail',
      reason: `the last refused order came ${away_s.toFixed(1)} s after the kill`,
      limit: atMost(back_within_s, 's'),
      measured: `${away_s.toFixed(1)} s`,
      evidence: [killed.seq, replaced.seq],
    };
  },
);
