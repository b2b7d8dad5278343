import type { BackupMethod } from '#harness/core/recovery.ts';
import type { EpochMs, Timeline } from '#harness/core/timeline.ts';

/** A backup, and what a restore made of it. */
export interface Backup {
  readonly name: string;
  readonly method: BackupMethod;
  /** `taken`: nothing was asked of it. */
  readonly state: 'taken' | 'restored' | 'refused';
  readonly taken_at: EpochMs;
  readonly notes: readonly string[];
}

/** The backups in the order in which they were taken; of what was said of one, the last word counts. */
export function backupsOf(timeline: Timeline): readonly Backup[] {
  const backups = new Map<string, Backup>();
  for (const { subject, data } of timeline.of('recovery', 'backup')) {
    const { method, state, taken_at, note } = data;
    const known = backups.get(subject);
    const notes = note === '' || known?.notes.includes(note) ? [] : [note];
    backups.set(subject, {
      name: subject,
      method,
      state: state === 'taken' && known ? known.state : state,
      taken_at: known?.taken_at ?? taken_at,
      notes: [...(known?.notes ?? []), ...notes],
    });
  }
  return [...backups.values()].toSorted((left, right) => left.taken_at - right.taken_at);
}
