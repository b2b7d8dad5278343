/** Up and down in one file, told apart by comments. */
import { UsageError } from '#harness/core/errors.ts';
import { onlyLines } from './adapter.ts';

/** A part of a file, from its comment to before the next one. */
export interface Section {
  readonly direction: 'up' | 'down';
  /** What stands behind the direction: options. */
  readonly options: string;
  /** Index of the line with the comment. */
  readonly line: number;
  /** The part alone; lines of other parts are blank. */
  readonly text: string;
}

/** Whether a line of the text begins a part; what ends lines makes no difference. */
export function hasSections(text: string, marker: RegExp): boolean {
  return text.split(/\r?\n/).some((line) => marker.test(line));
}

/** Lines before the first section that are neither blank nor comments. */
export function firstLineOutside(text: string, sections: readonly Section[]): number {
  const first = sections[0]?.line ?? 0;
  return text
    .split('\n')
    .slice(0, first)
    .findIndex((line) => line.trim() !== '' && !line.trimStart().startsWith('--'));
}

/**
 * Parts of a text by the comments that begin them.
 *
 * @param marker matches a comment; its first group is the direction, its second one the options
 * @throws UsageError where a direction comes twice
 */
export function sectionsOf(path: string, text: string, marker: RegExp): readonly Section[] {
  const lines = text.split('\n');
  const starts = lines.flatMap((line, index) => {
    const found = marker.exec(line.replace(/\r$/, ''));
    if (found === null) return [];
    const direction = found[1]?.toLowerCase() === 'up' ? ('up' as const) : ('down' as const);
    return [{ direction, options: found[2] ?? '', line: index }];
  });
  const sections = starts.map((start, at) => ({
    ...start,
    text: onlyLines(text, start.line + 1, starts[at + 1]?.line ?? lines.length),
  }));
  const twice = sections.find(({ direction, line }) =>
    sections.some((other) => other.direction === direction && other.line < line),
  );
  if (twice !== undefined) {
    throw new UsageError(`a second part for ${twice.direction}`, {
      position: { file: path, line: twice.line + 1, column: 1 },
      next: 'keep one of them',
    });
  }
  return sections;
}
