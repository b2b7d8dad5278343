import type { EpochMs } from '#harness/core/timeline.ts';
import type { Facts } from './facts.ts';

/** One measurement of an analysis by Argo Rollouts. */
export interface Measurement {
  readonly at: EpochMs;
  readonly seq: number;
  /** The AnalysisRun, as `AnalysisRun/namespace/name`. */
  readonly run: string;
  readonly metric: string;
  /** What the controller made of it: `Successful`, `Failed`, `Inconclusive` or `Error`. */
  readonly phase: string;
  /** The number that it looked at; absent when there was none, or no number. */
  readonly value?: number;
  /** What was received, as the controller words it. */
  readonly received: string;
}

/** A vector of Prometheus as Argo Rollouts writes it: `[49.83]`, `[]`, `[NaN]`; more than one value is no answer. */
export function valueOf(text: string): number | undefined {
  const parts = text
    .replace(/^\[|\]$/g, '')
    .split(',')
    .filter((part) => part.trim() !== '');
  const [only, ...others] = parts.map(Number);
  return only !== undefined && others.length === 0 && Number.isFinite(only) ? only : undefined;
}

/**
 * The measurements of the judged Rollout's analyses after shipping, in order. Each changes its AnalysisRun once,
 * which says how many there were and what the last one was.
 */
export function measurementsOf(facts: Facts): readonly Measurement[] {
  const { namespace, app } = facts.argo;
  const from = facts.shipped.at;
  const taken = new Map<string, number>();
  const found: Measurement[] = [];
  for (const { at, seq, subject, data } of facts.timeline.of('kubernetes', 'object')) {
    if (!subject.startsWith(`AnalysisRun/${namespace}/${app}-`)) continue;
    for (const field of Object.keys(data.fields)) {
      const metric = /^(?<metric>.+)\.last_phase$/.exec(field)?.groups?.['metric'];
      if (metric === undefined) continue;
      const count = Number(data.fields[`${metric}.count`]) + Number(data.fields[`${metric}.error`]);
      const key = `${subject} ${metric}`;
      const before = taken.get(key) ?? 0;
      taken.set(key, count);
      if (count <= before || at < from) continue;
      const received = String(
        data.fields[`${metric}.last_value`] ?? data.fields[`${metric}.last_message`] ?? '',
      );
      const value = valueOf(received);
      found.push({
        at,
        seq,
        run: subject,
        metric,
        phase: String(data.fields[field]),
        received,
        ...(value === undefined ? {} : { value }),
      });
    }
  }
  return found;
}
