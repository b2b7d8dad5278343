import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '#harness/process/paths.ts';

/** How long each phase took the last time it was done here, in seconds, by name. */
export type Durations = Readonly<Record<string, number>>;

function file(): string {
  return join(cacheDir(), 'durations.json');
}

/** What earlier runs took; empty where nothing is known. */
export function readDurations(): Durations {
  try {
    const value: unknown = JSON.parse(readFileSync(file(), 'utf8'));
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
    );
  } catch {
    // Expected times are a courtesy: without them the phase shows its elapsed time alone.
    return {};
  }
}

/** Remembers how long a phase took. */
export function rememberDuration(phase: string, seconds: number): void {
  const all = { ...readDurations(), [phase]: Math.round(seconds * 10) / 10 };
  mkdirSync(cacheDir(), { recursive: true });
  const temporary = `${file()}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(all));
  renameSync(temporary, file());
}
