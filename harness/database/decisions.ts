/** What a restore says of each backup that it looked at: a line of JSON each. Source: fixtures/images/postgres/restore. */
import * as v from 'valibot';
import type { BackupData } from '#harness/core/recovery.ts';
import type { EpochMs } from '#harness/core/timeline.ts';

const time = v.pipe(
  v.string(),
  v.isoTimestamp(),
  v.transform((text): EpochMs => Date.parse(text)),
);

const DecisionSchema = v.object({
  at: time,
  backup: v.string(),
  method: v.picklist(['wal', 'dump']),
  /** `passed over`: it was taken after the moment that was asked for. */
  state: v.picklist(['taken', 'restored', 'refused', 'passed over']),
  taken_at: time,
  note: v.string(),
});

/** One decision. */
export type Decision = v.InferOutput<typeof DecisionSchema>;

/**
 * The decisions in a file or in a log, whose lines may have a time in front and others between them. One that was made
 * again, by a restore that was killed and began anew, counts once, as it was made last.
 */
export function parseDecisions(text: string): readonly Decision[] {
  const found = new Map<string, Decision>();
  for (const line of text.split('\n')) {
    const decision = decisionOf(line);
    if (decision === undefined) continue;
    const key = `${decision.method}/${decision.backup}/${decision.state}`;
    found.delete(key);
    found.set(key, decision);
  }
  return [...found.values()];
}

function decisionOf(line: string): Decision | undefined {
  const begin = line.indexOf('{"at":');
  if (begin === -1) return undefined;
  try {
    const { success, output } = v.safeParse(DecisionSchema, JSON.parse(line.slice(begin)));
    return success ? output : undefined;
  } catch {
    // A line that was cut off by the end of its writer.
    return undefined;
  }
}

/** As a timeline has it (`recovery/backup`); undefined for a backup that nothing was decided on. */
export function backupRecord({
  backup,
  method,
  state,
  taken_at,
  note,
}: Decision): { readonly subject: string; readonly data: BackupData } | undefined {
  if (state === 'passed over') return undefined;
  return { subject: backup, data: { method, state, taken_at, note } };
}
