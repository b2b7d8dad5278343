/** A long history in two stretches, each judged on a server of its own. */
import { countsErrors, type GuardRequest, isLeftOut } from './request.ts';

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
 * Whether nothing is judged that another server on the same machine would change: releases that are made up have no errors
 * that count, nobody stands in the way, nothing is killed and nothing timed at several sizes.
 */
function isUntimed(request: GuardRequest): boolean {
  return (
    !countsErrors(request) &&
    request.reader_ms === undefined &&
    isLeftOut(request, 'kills') &&
    isLeftOut(request, 'growth')
  );
}

/**
 * In which stretches the migrations of a request are judged. The second server has to run those of the first one as well, rows
 * that are made up for every new table included, so its stretch is shorter. Somebody's own rows are copied once.
 */
export function spansOf(request: GuardRequest, processors: number): readonly Span[] {
  const { judged, data } = request;
  const whole = wholeOf(request);
  if (processors < 2 || judged.length < LONG || data.source !== 'generated' || !isUntimed(request))
    return [whole];
  const middle = Math.ceil(judged.length / (2 - PASSED_SHARE));
  return [
    { from: 0, until: middle },
    { from: middle, until: judged.length },
  ];
}
