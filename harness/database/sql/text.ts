/** Places in a text: the parser counts bytes of UTF-8, its errors count characters, readers count lines and columns. */

/** Line and column, both from 1; columns count characters (code points), as the server's own messages do. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A text with the places of its bytes and characters. */
export interface PlacedText {
  readonly text: string;
  /** The part between two byte offsets. */
  slice(from_byte: number, to_byte: number): string;
  placeOfByte(offset: number): Place;
  /** Of a character, counted from 0 in code points. */
  placeOfCharacter(offset: number): Place;
  /** Of an index of the string, as `indexOf` gives it. */
  placeOfIndex(index: number): Place;
}

/** Code points: the characters that the server counts. */
export function characters(text: string): readonly string[] {
  return Array.from(text);
}

function placeIn(text: string): Place {
  const line_start = text.lastIndexOf('\n') + 1;
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) line += 1;
  return { line, column: characters(text.slice(line_start)).length + 1 };
}

/** Byte offsets at which lines begin. */
function lineStarts(bytes: Buffer): readonly number[] {
  const starts = [0];
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) starts.push(at + 1);
  return starts;
}

/** Index of the last start that is not beyond the offset. */
function lineOf(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

export function placed(text: string): PlacedText {
  const bytes = Buffer.from(text, 'utf8');
  const starts = lineStarts(bytes);
  return {
    text,
    slice: (from_byte, to_byte) => bytes.toString('utf8', from_byte, to_byte),
    placeOfByte: (offset) => {
      const line = lineOf(starts, offset);
      const before = bytes.toString('utf8', starts[line] ?? 0, offset);
      return { line: line + 1, column: characters(before).length + 1 };
    },
    placeOfIndex: (index) => placeIn(text.slice(0, index)),
    placeOfCharacter: (offset) => placeIn(characters(text).slice(0, offset).join('')),
  };
}
