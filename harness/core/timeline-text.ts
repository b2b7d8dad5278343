import { UsageError } from './errors.ts';
import { Timeline, type TimelineRecord } from './timeline.ts';

/** A source that is added to the timeline without being named here does not compile. */
const SOURCES: Readonly<Record<TimelineRecord['source'], true>> = {
  harness: true,
  release: true,
  git: true,
  kubernetes: true,
  gateway: true,
  load: true,
  prometheus: true,
  alertmanager: true,
  chat: true,
  database: true,
  fault: true,
  gate: true,
  recovery: true,
};

function isRecord(value: unknown): value is TimelineRecord {
  if (typeof value !== 'object' || value === null) return false;
  const record: Partial<Record<keyof TimelineRecord, unknown>> = value;
  return (
    typeof record.seq === 'number' &&
    typeof record.at === 'number' &&
    typeof record.source === 'string' &&
    Object.hasOwn(SOURCES, record.source) &&
    typeof record.kind === 'string' &&
    typeof record.subject === 'string' &&
    typeof record.data === 'object'
  );
}

/** One record as a line of newline-delimited JSON. */
export function formatRecord(record: TimelineRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/**
 * Reads a timeline back. A last line without its end is left out: a run that was killed may leave one.
 * @throws UsageError with file, line and column when a whole line is not a record
 */
export function parseTimeline(text: string, file: string): Timeline {
  const lines = text.split('\n');
  const records: TimelineRecord[] = [];
  for (const [index, line] of lines.entries()) {
    const isUnfinished = index === lines.length - 1;
    if (line === '' || isUnfinished) continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      throw new UsageError('this line is not JSON', {
        position: { file, line: index + 1, column: 1 },
        cause: error,
      });
    }
    if (!isRecord(value)) {
      throw new UsageError('this line is not a timeline record', {
        position: { file, line: index + 1, column: 1 },
      });
    }
    records.push(value);
  }
  return new Timeline(records);
}
