/** What PostgreSQL refused, by its own log: the witness that no client can talk over. */
import type { DatabaseErrorsData } from '#harness/core/migration.ts';
import type { EpochMs } from '#harness/core/timeline.ts';

/**
 * A line that says what was refused, as `log_line_prefix = '%m [%p] %q%u@%d %a %e '` begins it; whoever keeps the log may
 * have put a time of its own before.
 */
const REFUSED =
  /^(?:\S+ )?(?<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) GMT \[\d+\] \S+@\S+ (?<who>\S+) (?<sqlstate>[0-9A-Z]{5}) (?:ERROR|FATAL): +(?<message>.*)$/;

/** Where in a statement it happened says nothing, and would tell one refusal from another. */
const WHERE = / at character \d+$/;

type Refusals = DatabaseErrorsData['errors'];

/**
 * The statements of one client that were refused, by what the server said, the earliest first.
 * @param who the name that the client gives itself (`application_name`)
 */
export function refusalsIn(log: string, who: string): Refusals {
  const found = new Map<string, Refusals[number]>();
  for (const line of log.split('\n')) {
    const { groups } = REFUSED.exec(line) ?? {};
    if (groups?.['who'] !== who) continue;
    const { at = '', sqlstate = '', message: text = '' } = groups;
    const time: EpochMs = Date.parse(`${at.replace(' ', 'T')}Z`);
    const message = text.replace(WHERE, '');
    const known = found.get(`${sqlstate} ${message}`);
    found.set(`${sqlstate} ${message}`, {
      sqlstate,
      message,
      count: (known?.count ?? 0) + 1,
      first_at: Math.min(known?.first_at ?? time, time),
      last_at: Math.max(known?.last_at ?? time, time),
    });
  }
  return [...found.values()].sort((left, right) => left.first_at - right.first_at);
}
