import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

/** Every expression of the dashboard was asked of the real Prometheus over the rollout, and had data. */
export const dashboardShows = rule('dashboard-shows', 'every part of the dashboard has data', (facts) => {
  const { dashboard, expressions } = facts.expectation('dashboard');
  const panels = facts.timeline.of('prometheus', 'panel').filter(({ data }) => data.dashboard === dashboard);
  if (panels.length < expressions) {
    throw new MissingEvidence(`${panels.length} of ${expressions} expressions of ${dashboard} were asked`);
  }
  const empty = panels.filter(({ data }) => data.samples === 0);
  const samples = panels.reduce((sum, { data }) => sum + data.samples, 0);
  return {
    outcome: empty.length === 0 ? 'pass' : 'fail',
    reason:
      empty.length === 0
        ? `${samples} samples for ${panels.length} expressions of ${dashboard}`
        : `without data: ${empty.map(({ subject, data }) => `${subject} (${data.query})`).join('; ')}`,
    limit: `data for each of ${expressions} expressions`,
    measured: `${panels.length - empty.length} of ${panels.length}`,
    evidence: (empty.length === 0 ? panels : empty).map(({ seq }) => seq),
  };
});
