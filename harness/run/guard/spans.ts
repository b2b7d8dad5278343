/** A long history in two stretches, each judged on a server of its own. */
import { bearsCompany, type GuardRequest } from './request.ts';

/** Migrations of a request by their places: `until` is the place after the last one. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/** A shorter history is over before a second server has caught up. */
const LONG = 80;
/** Time that a migration takes that is run without a look, as a share of the time in which it is judged. */
const PASSED_SHARE = 0.15;

export function wholeOf({ judged }: Pick<GuardRequest, 'judged'>): Span {
  return { from: 0, until: judged.length };
}

/**
 * In which stretches the migrations of a request are judged. The second server has to run those of the first one as well, rows
 * that are made up for every new table included, so its stretch is shorter. Somebody's own rows are copied once.
 */
export function spansOf(request: GuardRequest, processors: number): readonly Span[] {
  const { judged, data } = request;
  const whole = wholeOf(request);
  // A reader that stands in the way is there for a time, and what waits behind it is judged by that.
  const isUntimed = bearsCompany(request) && request.reader_ms === undefined;
  if (processors < 2 || judged.length < LONG || data.source !== 'generated' || !isUntimed) return [whole];
  const middle = Math.ceil(judged.length / (2 - PASSED_SHARE));
  return [
    { from: 0, until: middle },
    { from: middle, until: judged.length },
  ];
}
