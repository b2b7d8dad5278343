import { type Outcome, type RuleVerdict, standingOfRun, type Verdict } from '#harness/core/verdict.ts';

/** Shown wherever the run holds no evidence: absence is never shown as zero. */
export const NO_DATA = 'no data';

/** `1,234`. */
export function formatCount(value: number | undefined): string {
  return value === undefined ? NO_DATA : Math.round(value).toLocaleString('en-GB');
}

/** `12.3 s`, `4 min 05 s`. */
export function formatDuration_ms(value_ms: number | undefined): string {
  if (value_ms === undefined) return NO_DATA;
  const sign = value_ms < 0 ? '\u2212' : '';
  const total_s = Math.abs(value_ms) / 1000;
  if (total_s < 100) return `${sign}${total_s.toFixed(1)} s`;
  const whole_s = Math.round(total_s);
  return `${sign}${Math.floor(whole_s / 60)} min ${String(whole_s % 60).padStart(2, '0')} s`;
}

/** `+12.3 s` or `−4.0 s`, from the moment that times are counted from. */
export function formatOffset_ms(value_ms: number | undefined): string {
  if (value_ms === undefined) return NO_DATA;
  // What is a moment early only by rounding has no sign of its own.
  return value_ms <= -50 ? formatDuration_ms(value_ms) : `+${formatDuration_ms(Math.max(value_ms, 0))}`;
}

/** `1.42 ms`, `38 ms`. */
export function formatLatency_ms(value_ms: number | undefined): string {
  if (value_ms === undefined) return NO_DATA;
  return `${value_ms.toFixed(value_ms < 10 ? 2 : value_ms < 100 ? 1 : 0)} ms`;
}

/** `2.1 %`; small shares keep enough digits not to look like nothing. */
export function formatShare(part: number | undefined, whole: number | undefined): string {
  if (part === undefined || whole === undefined || whole === 0) return NO_DATA;
  const pct = (part / whole) * 100;
  return `${pct.toFixed(pct !== 0 && pct < 0.1 ? 3 : 1)}\u00a0%`;
}

/** `2026-01-15 10:00:00 UTC`. */
export function formatInstant(at: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return NO_DATA;
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** The one sentence that says why the verdict is what it is. */
export function explain(verdict: Verdict): string {
  return explainKnown(verdict) ?? explainOutcome(verdict);
}

/** Where a break was expected, what became of it is the point of the run. */
export function explainKnown(verdict: Verdict): string | undefined {
  const { known_break, rules } = verdict;
  const rule = rules.find((one) => one.rule === known_break?.contract);
  if (!known_break || !rule) return undefined;
  const standing = standingOfRun(verdict);
  if (standing === 'known-break') {
    const others = rules.filter((one) => one !== rule && one.outcome === 'fail').map((one) => one.rule);
    const along = others.length === 0 ? '' : `; also broken, with it or beside it: ${others.join(', ')}`;
    return `contract ${rule.rule} is broken, as ${known_break.thread} says: ${rule.reason}${along}`;
  }
  return standing === 'news'
    ? `contract ${rule.rule} holds, although ${known_break.thread} says that it does not: ${rule.reason}`
    : undefined;
}

function explainOutcome(verdict: Verdict): string {
  const total = verdict.rules.length;
  if (total === 0) return 'no rule was applied: nothing was judged';
  const worst = verdict.rules.filter((rule) => rule.outcome === verdict.outcome);
  const first = worst[0];
  if (verdict.outcome === 'pass') return total === 1 ? 'the one rule held' : `all ${total} rules held`;
  if (first === undefined) return 'no rule explains this outcome';
  const others = worst.length - 1;
  return `${first.rule}: ${first.reason}${others > 0 ? ` (and ${others} more)` : ''}`;
}

/** The measured value. A rule that holds without one, because it measures nothing, lacks no evidence. */
export function measuredOf(rule: RuleVerdict): string {
  return rule.measured ?? (rule.outcome === 'pass' ? '\u2013' : NO_DATA);
}

/** The rules with the worst first, otherwise in their own order; a contract whose break was expected before all. */
export function worstFirst({ rules, known_break }: Verdict): readonly RuleVerdict[] {
  const order: Readonly<Record<Outcome, number>> = { fail: 1, inconclusive: 2, pass: 3 };
  const place = ({ rule, outcome }: RuleVerdict): number =>
    rule === known_break?.contract ? 0 : order[outcome];
  return [...rules].sort((left, right) => place(left) - place(right));
}

/**
 * The command that repeats the run. A variant of a scenario, such as a seeded defect, lies in a folder of its own but
 * is run by the scenario's file.
 */
export function repeatCommand(scenario: string, file: string | undefined, seed: number | undefined): string {
  const name = /^scenarios\/([\w/-]+)\.spec\.ts$/.exec(file ?? '')?.[1] ?? scenario;
  return `./scripts/mettle run ${name}${seed === undefined ? '' : ` --seed ${seed}`}`;
}
