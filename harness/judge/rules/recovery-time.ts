import type { RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { type RecoveryFacts, recoveryFacts, type StepSpan, WHOLE_CLUSTER } from '../recovery-facts.ts';
import { atMost, type Finding, rule } from '../rule.ts';
import { secondsText } from '../seconds-text.ts';

/** A service that was away for longer than this before the loss was not taken away by it, in ms. */
const UNDISTURBED_MS = 2_000;

function stepText({ name, from, to, note }: StepSpan, zero: number): string {
  if (to === undefined) return `${name}: from ${secondsText(from - zero)}, never ended`;
  return `${name}: ${secondsText(to - from)} (${secondsText(from - zero)} to ${secondsText(to - zero)}): ${note}`;
}

/** The first seconds after the service was called steady in which it was not. */
function relapses(facts: Facts, since: number): readonly RecordOf<'load', 'second'>[] {
  return facts.seconds.filter(({ data }) => data.series.some(({ bad, last_at }) => bad && last_at > since));
}

/**
 * When the loss began for clients. Where everybody was cut off, that is their last good answer, which may be earlier
 * than the record of the act; never later than that record.
 */
function lossBegan({ destroyed, outage, expectation }: RecoveryFacts): number {
  if (!outage) {
    if (expectation.loses === WHOLE_CLUSTER) throw new MissingEvidence('clients never noticed the loss');
    return destroyed.at;
  }
  const { last_good_at } = outage;
  if (last_good_at < destroyed.at - UNDISTURBED_MS) {
    throw new MissingEvidence(
      `the last good answer came ${secondsText(destroyed.at - last_good_at)} before the destruction: something else took the service away`,
    );
  }
  return Math.min(destroyed.at, last_good_at);
}

function clockText({ destroyed, outage }: RecoveryFacts): string {
  if (!outage) return 'clients had good answers throughout';
  const last_ms = outage.last_good_at - destroyed.at;
  const last = `the last good answer came ${secondsText(Math.abs(last_ms))} ${last_ms < 0 ? 'before' : 'after'} the destruction`;
  const { first_good_at } = outage;
  if (first_good_at === undefined) return `${last}, and no other came`;
  return `${last}, the next one ${secondsText(first_good_at - destroyed.at)} after it`;
}

function late(facts: Facts, found: RecoveryFacts, from: number, limit: string, evidence: number[]): Finding {
  const { expectation, steady } = found;
  const until = facts.load_end;
  const watched_s = (until - from) / 1000;
  const seen = steady ? `: ${steady.data.reason}` : '';
  return {
    outcome: watched_s > expectation.recovery_time_s ? 'fail' : 'inconclusive',
    reason: `within ${watched_s.toFixed(1)} s of load after the loss the service was not seen steady again${seen}; ${clockText(found)}`,
    limit,
    measured: `> ${watched_s.toFixed(1)} s`,
    evidence,
    items: found.steps.map((step) => stepText(step, from)),
  };
}

/** From the loss until the steady state under load holds again, by the clock of the load, and which step took how long. */
export const recoveryTime = rule(
  'recovery-time',
  'the service is steady under load again within the promised time',
  (facts) => {
    const found = recoveryFacts(facts);
    const { expectation, destroyed, outage, steady, steps } = found;
    const { recovery_time_s, own_budget_s } = expectation;
    const from = lossBegan(found);
    const limit = atMost(recovery_time_s, 's');
    const evidence = [destroyed.seq, ...(outage?.seqs ?? []), ...(steady ? [steady.seq] : [])];
    if (!steady?.data.held) return late(facts, found, from, limit, evidence);
    // Bad answers after the service was called steady: it was not.
    const again = relapses(facts, steady.at);
    const last = again.at(-1);
    const to = Math.max(
      steady.at,
      ...(last?.data.series ?? []).filter(({ bad }) => bad).map(({ last_at }) => last_at),
    );
    const took_s = (to - from) / 1000;
    const relapse = last
      ? `; it was called steady ${secondsText(steady.at - from)} after the loss, but answers were bad in ${again.length} s after that`
      : '';
    const longest = steps.flatMap((step) =>
      step.to === undefined ? [] : [{ step, ms: step.to - step.from }],
    );
    const [slowest] = longest.sort((left, right) => right.ms - left.ms);
    const over_s = took_s - own_budget_s;
    const budget =
      over_s <= 0
        ? `within the own budget of ${own_budget_s} s`
        : `the own budget of ${own_budget_s} s is exceeded by ${over_s.toFixed(1)} s${slowest ? `, of which ${slowest.step.name} took ${secondsText(slowest.ms)}` : ''}`;
    return {
      outcome: took_s <= recovery_time_s ? 'pass' : 'fail',
      reason: `steady again ${took_s.toFixed(1)} s after the loss, ${budget}; ${clockText(found)}${relapse}`,
      limit,
      measured: `${took_s.toFixed(1)} s`,
      derivation: `from the last good answer or the destruction, whichever was first, until the steady state held and no bad answer followed; own budget ${own_budget_s} s`,
      evidence: [...evidence, ...again.slice(-1).map(({ seq }) => seq), ...steps.flatMap(({ seqs }) => seqs)],
      items: steps.map((step) => stepText(step, from)),
    };
  },
);
