import type { LoadSecond, RecordOf, Timeline } from '#harness/core/timeline.ts';
import { EVIDENCE_MAX, type RuleVerdict } from '#harness/core/verdict.ts';
import { excusedIn, isExcused } from './load-self-check.ts';

/** A second in which less processor time than this was left of all cores together had none to spare, in seconds. */
const SPARE_MIN_S = 0.1;
/**
 * So many such seconds among any `WINDOW_S` are what a rollout itself may take: pods start, a gateway reads its routes.
 * Alone on two cores it took up to 8, beside another 14 to 18; see harness/DESIGN.md, "Grounds".
 */
const FULL_MAX_S = 10;
const WINDOW_S = 20;

/** A second of load of which it is known how idle the machine was. */
interface Known {
  readonly seq: number;
  readonly data: LoadSecond & { readonly machine_idle_s: number };
}

/**
 * Whether the machine had processor time to spare while the load ran. If not, a broken promise is not the stack's to
 * answer for: the outcome is `pass` or `inconclusive`, never `fail`. The load generator comes before all others on the
 * machine, so that it keeps its rate where a gateway or a controller waits; `load-self-check` does not see that.
 *
 * What the host of a virtual machine takes away counts as used, waiting for a disk does not. A rebuild takes all that it
 * can get: from a loss until the service was steady again nothing is concluded. A run that was recorded before this was
 * measured is judged as it was then.
 */
export function machineSelfCheck(timeline: Timeline): RuleVerdict {
  const known = knownSeconds(timeline);
  const full = known.filter(({ data }) => data.machine_idle_s < SPARE_MIN_S);
  const crowded = mostInAnyWindow(full);
  const holds = crowded.length <= FULL_MAX_S;
  const measured = `no processor time to spare in ${full.length} of ${known.length} s, up to ${crowded.length} within ${WINDOW_S} s`;
  return {
    rule: 'machine-self-check',
    promise: 'The machine had processor time to spare while the load ran.',
    outcome: holds ? 'pass' : 'inconclusive',
    reason:
      known.length === 0
        ? 'It was not measured how busy the machine was.'
        : `There was ${measured}${holds ? '' : ': the machine may have broken what the stack promised'}.`,
    limit: `>= ${SPARE_MIN_S} s to spare in a second, or up to ${FULL_MAX_S} s without within ${WINDOW_S} s`,
    ...(known.length === 0 ? {} : { measured }),
    derivation: 'whole seconds of the load, but for a rebuild',
    evidence: crowded.map(({ seq }) => seq).slice(0, EVIDENCE_MAX),
  };
}

/** Whole seconds of load, each once though several loads measured it. */
function knownSeconds(timeline: Timeline): readonly Known[] {
  const excused = excusedIn(timeline);
  const starts = timeline.of('load', 'started');
  const ends = timeline.of('load', 'ended');
  const isWhole = ({ subject, data }: RecordOf<'load', 'second'>): boolean =>
    starts.some((one) => one.subject === subject && data.from >= one.at) &&
    !ends.some((one) => one.subject === subject && data.from + 1000 > one.at);
  const by_time = new Map<number, Known>();
  for (const second of timeline.of('load', 'second')) {
    const { seq, data } = second;
    const { machine_idle_s } = data;
    if (machine_idle_s === undefined || !isWhole(second) || isExcused(second, excused)) continue;
    by_time.set(data.from, { seq, data: { ...data, machine_idle_s } });
  }
  return [...by_time.values()].toSorted((left, right) => left.data.from - right.data.from);
}

/** The seconds of that window which holds most of them, the first of such windows. */
function mostInAnyWindow(seconds: readonly Known[]): readonly Known[] {
  let most: readonly Known[] = [];
  let first = 0;
  for (const [last, { data }] of seconds.entries()) {
    while ((seconds[first]?.data.from ?? data.from) <= data.from - WINDOW_S * 1000) first += 1;
    if (last + 1 - first > most.length) most = seconds.slice(first, last + 1);
  }
  return most;
}
