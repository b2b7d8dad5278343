import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BaseIssue, type GenericSchema, getDotPath, safeParse } from 'valibot';
import { messageOf, UsageError } from '#harness/core/errors.ts';
import type { Timeline } from '#harness/core/timeline.ts';
import { parseTimeline } from '#harness/core/timeline-text.ts';
import type { VerdictDocument } from '#harness/core/run-meta.ts';
import { DATA_SCHEMAS, RECORD_SCHEMA, VERDICT_SCHEMA } from './schema.ts';

/** A run folder, read back. */
export interface RecordedRun {
  readonly timeline: Timeline;
  readonly verdict: VerdictDocument;
}

const NEXT = 'name a folder that a run made, for example reports/out/<scenario>/latest';

/**
 * Reads `timeline.jsonl` and `verdict.json` of a run folder.
 * @throws UsageError when a file is missing, or malformed (with file, line and column)
 */
export async function readRun(run_dir: string): Promise<RecordedRun> {
  const timeline_file = join(run_dir, 'timeline.jsonl');
  const verdict_file = join(run_dir, 'verdict.json');
  // One after the other, so that the same folder always gives the same error.
  const timeline = readTimeline(await readText(timeline_file), timeline_file);
  return { timeline, verdict: parseVerdict(await readText(verdict_file), verdict_file) };
}

/**
 * Reads a timeline and makes sure that each record has the shape that renderers rely on.
 * @throws UsageError with file, line and column
 */
export function readTimeline(text: string, file: string): Timeline {
  const timeline = parseTimeline(text, file);
  // The parser skips empty lines only, so the records and the other lines go together.
  const lines = text
    .split('\n')
    .flatMap((line, index) => (line === '' ? [] : [{ text: line, file, line: index + 1 }]));
  for (const [index, record] of timeline.records.entries()) {
    checkRecord(record, lines[index] ?? { text: '', file, line: index + 1 });
  }
  return timeline;
}

/** Reads a verdict with its meta data. @throws UsageError with file, line and column */
function parseVerdict(text: string, file: string): VerdictDocument {
  const value = parseJson(text, file, 1);
  assertVerdict(value, { text, file, line: 1 });
  return value;
}

/** Where a value came from, to say so when it is wrong. */
interface Origin {
  readonly text: string;
  readonly file: string;
  readonly line: number;
}

function checkRecord(value: unknown, origin: Origin): void {
  const base = safeParse(RECORD_SCHEMA, value);
  if (!base.success) throw misshapen(base.issues[0], origin);
  const { source, kind, data } = base.output;
  const schema = Object.hasOwn(DATA_SCHEMAS, `${source}/${kind}`)
    ? DATA_SCHEMAS[`${source}/${kind}`]
    : undefined;
  if (!schema) {
    throw new UsageError(`unknown kind of record ${source}/${kind}`, {
      position: positionOf(origin, 'kind'),
      next: 'use the version of Mettle that made this run',
    });
  }
  check(schema, data, origin);
}

function assertVerdict(value: unknown, origin: Origin): asserts value is VerdictDocument {
  check(VERDICT_SCHEMA, value, origin);
}

function check(schema: GenericSchema, value: unknown, origin: Origin): void {
  const parsed = safeParse(schema, value);
  if (!parsed.success) throw misshapen(parsed.issues[0], origin);
}

function misshapen(issue: BaseIssue<unknown>, origin: Origin): UsageError {
  const path = getDotPath(issue) ?? '';
  return new UsageError(`${path === '' ? 'record' : path}: ${issue.message}`, {
    position: positionOf(origin, path.split('.').findLast((key) => !/^\d+$/.test(key)) ?? ''),
    next: NEXT,
  });
}

/** The place of a key in the text; the start of the text where the key is absent. */
function positionOf(origin: Origin, key: string): { file: string; line: number; column: number } {
  const at = key === '' ? -1 : origin.text.indexOf(JSON.stringify(key));
  return { file: origin.file, ...placeOf(origin.text, Math.max(at, 0), origin.line) };
}

function placeOf(text: string, at: number, first_line: number): { line: number; column: number } {
  const before = text.slice(0, at).split('\n');
  return { line: first_line + before.length - 1, column: (before.at(-1)?.length ?? 0) + 1 };
}

function parseJson(text: string, file: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8 names the offset; where the text ends too early it does not, and the end is the place.
    const offset = /at position (\d+)/.exec(messageOf(error))?.[1];
    const at = offset === undefined ? text.length : Number(offset);
    throw new UsageError(`not valid JSON: ${messageOf(error).replace(/ in JSON at position.*/, '')}`, {
      position: { file, ...placeOf(text, at, line) },
      next: NEXT,
      cause: error,
    });
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${messageOf(error)}`, { next: NEXT, cause: error });
  }
}
