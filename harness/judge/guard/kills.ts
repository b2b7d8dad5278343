/** Killed in the middle: what is left, and whether it can be run again. */
import type { CheckId } from '#harness/core/guard/catalogue/ids.ts';
import type { KillFacts } from '#harness/core/guard/facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { type Check, type Found, holds, needPart } from './check.ts';
import { counted, list, ms, statementName } from './words.ts';

const LIMIT = 'as before, or finished by running it again';

/** An index that a killed CONCURRENTLY left; it serves nobody, and a DROP INDEX mends it. */
const INVALID_INDEX = /invalid index/i;

function when({ statement, after_ms }: KillFacts): string {
  return `killed ${ms(after_ms)} into ${statementName(statement)}`;
}

function stuck(kill: KillFacts): string | undefined {
  const { state, again, again_refusal, same_after_again, differences } = kill;
  if (again === 'refused') {
    const said = again_refusal === undefined ? '' : `: ${again_refusal.code} ${again_refusal.message}`;
    return `${when(kill)} it is ${state}, and running it again is refused${said}`;
  }
  return same_after_again
    ? undefined
    : `${when(kill)} and run again, it does not end as an unbroken run does: ${list(differences, 2)}`;
}

/** All that stands in the way of the next run is an index to be dropped, and the server says so. */
function mended({ again, residue, state, differences }: KillFacts): boolean {
  return (
    again === 'refused' &&
    state !== 'as after' &&
    residue.length > 0 &&
    residue.every((line) => INVALID_INDEX.test(line)) &&
    differences.every((line) => /index/i.test(line))
  );
}

function judge(kills: readonly KillFacts[]): Found {
  const hit = kills.filter(({ too_late }) => !too_late);
  if (hit.length === 0) {
    throw new MissingEvidence(
      kills.length === 0
        ? 'it was never killed in this way'
        : `it was over before any of ${counted(kills.length, 'kill')} came: nothing was killed in the middle`,
    );
  }
  const broken = hit.filter((kill) => stuck(kill) !== undefined);
  const grave = broken.filter((kill) => !mended(kill));
  const measured = `${counted(hit.length - broken.length, 'run')} of ${hit.length} recovered`;
  const [first = broken[0]] = grave;
  if (first === undefined) {
    const between = hit.filter(({ state }) => state === 'in between').length;
    return holds(
      between === 0
        ? `${counted(hit.length, 'kill')}: it was as before or as after each time, and can be run again`
        : `${counted(between, 'kill')} of ${hit.length} left it in between; running it again finished it`,
      LIMIT,
      { measured },
    );
  }
  const found: Found = {
    outcome: 'fail',
    severity: first.again === 'refused' ? 'high' : 'critical',
    reason: stuck(first) ?? '',
    limit: LIMIT,
    measured,
    statements: [...new Set(broken.map(({ statement }) => statement))],
    items: broken.flatMap((kill) => [
      stuck(kill) ?? '',
      ...kill.residue.map((line) => `left behind: ${line}`),
      ...kill.differences,
    ]),
  };
  if (grave.length > 0) return found;
  return {
    ...found,
    outcome: 'pass',
    severity: 'low',
    reason: `${when(first)} it leaves ${list(first.residue)}; drop it, then run it again`,
  };
}

function killed(id: CheckId, how: KillFacts['how']): Check {
  return {
    id,
    part: 'kills',
    grounds: [],
    find: ({ migration }) =>
      judge(needPart(migration, 'kills', 'it was never killed').filter((kill) => kill.how === how)),
  };
}

export const killedClient = killed('killed-client', 'client');
export const killedServer = killed('killed-server', 'server');
export const connectionCut = killed('connection-cut', 'connection');
