/** A verdict of the guard in few words, as a pod can leave it behind: `mettle guard --brief FILE`. */
import { listAt, textAt } from '../kubernetes.ts';
import type { Outcome } from '../verdict.ts';

/** A check that did not hold. */
export interface BriefCheck {
  readonly check: string;
  readonly outcome: Exclude<Outcome, 'pass'>;
  readonly severity: string;
  readonly reason: string;
}

export interface GuardBrief {
  readonly outcome: Outcome;
  /** One sentence. */
  readonly why: string;
  /** Names of the first migrations that were judged. */
  readonly migrations: readonly string[];
  /** The worst first; not all of them where there are many. */
  readonly failed: readonly BriefCheck[];
}

function outcomeIn(value: unknown): Outcome | undefined {
  return (['pass', 'fail', 'inconclusive'] as const).find((one) => one === textAt(value, 'outcome'));
}

function checkIn(value: unknown): readonly BriefCheck[] {
  const outcome = outcomeIn(value);
  const check = textAt(value, 'check') ?? '';
  if (outcome === undefined || outcome === 'pass' || check === '') return [];
  return [
    { check, outcome, severity: textAt(value, 'severity') ?? '', reason: textAt(value, 'reason') ?? '' },
  ];
}

/** What a pod left behind; undefined where that is no verdict, so that nobody takes a broken guard's last words for one. */
export function parseGuardBrief(text: string): GuardBrief | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const outcome = outcomeIn(value);
  if (outcome === undefined) return undefined;
  return {
    outcome,
    why: textAt(value, 'why') ?? '',
    migrations: listAt(value, 'migrations').filter((one) => typeof one === 'string'),
    failed: listAt(value, 'failed').flatMap(checkIn),
  };
}
