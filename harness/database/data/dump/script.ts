import { UsageError } from '#harness/core/errors.ts';
import { cutAt } from './tokens.ts';

/** A part of a script, in order. The data of a copy has to be read to its end before the next part is asked for. */
export type ScriptPart =
  | { readonly kind: 'statement' | 'command'; readonly text: string; readonly line: number }
  | {
      readonly kind: 'copy';
      readonly text: string;
      readonly line: number;
      /** Rows as `COPY FROM STDIN` takes them. */
      readonly data: AsyncIterable<Buffer>;
    };

/** Longest statement that is held; a server takes no more than 1 GiB. */
const STATEMENT_MAX_CHARS = 256 * 1024 * 1024;
const COPY_FROM_STDIN = /^copy\s.*\sfrom\s+stdin\b/is;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from('\u{FEFF}');
const END_OF_DATA = Buffer.from('\\.');

/**
 * Takes a script of SQL apart as it comes: what is held is one statement, or one piece of a copy's data.
 * @param file for positions
 * @throws UsageError for a statement too long to be held, or data of a copy without an end
 */
export async function* readScript(
  chunks: AsyncIterable<Buffer>,
  file: string,
): AsyncGenerator<ScriptPart, void, undefined> {
  const source = new Source(withoutMark(chunks), file);
  let at = 0;
  for (;;) {
    const cut = cutAt(source.text, at, source.ended);
    if (cut.kind === 'more') {
      if (source.ended) return;
      source.drop(at);
      at = 0;
      if (source.text.length > STATEMENT_MAX_CHARS) {
        throw new UsageError('a statement of the script is too long to be one', {
          position: { file, line: source.line, column: 1 },
          next: 'Is the file whole? A quotation or comment may have lost its end.',
        });
      }
      // Twice as much each time, so that a long statement is not looked through again for each piece of it.
      await source.readMore(source.text.length);
      continue;
    }
    const text = utf8(source.text.slice(cut.start, cut.end));
    const line = source.lineAt(cut.start);
    at = cut.end;
    if (cut.kind === 'statement' && COPY_FROM_STDIN.test(text)) {
      source.drop(cut.end);
      at = 0;
      yield { kind: 'copy', text, line, data: source.copyData() };
    } else {
      yield { kind: cut.kind, text, line };
    }
  }
}

/** psql skips a byte order mark at the beginning. */
async function* withoutMark(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < BYTE_ORDER_MARK.length) continue;
    yield head.indexOf(BYTE_ORDER_MARK) === 0 ? head.subarray(BYTE_ORDER_MARK.length) : head;
    head = undefined;
  }
  if (head !== undefined) yield head;
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

/** The text that is not yet taken apart, each byte a character. */
class Source {
  text = '';
  /** Line at which the text begins. */
  line = 1;
  ended = false;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #file: string;
  #counted = { upto: 0, line: 1 };

  constructor(chunks: AsyncIterable<Buffer>, file: string) {
    this.#file = file;
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Line of a place of the text; places are asked for in order. */
  lineAt(place: number): number {
    const { upto, line } = this.#counted;
    this.#counted = { upto: place, line: line + newlinesIn(this.text, upto, place) };
    return this.#counted.line;
  }

  /** Forgets the text before a place. */
  drop(place: number): void {
    this.line = this.lineAt(place);
    this.text = this.text.slice(place);
    this.#counted = { upto: 0, line: this.line };
  }

  /** Reads at least this many characters more, or to the end. */
  async readMore(chars: number): Promise<void> {
    const pieces: string[] = [];
    for (let read = 0; read <= chars; ) {
      const chunk = await this.#next();
      if (chunk === undefined) break;
      read += chunk.length;
      pieces.push(chunk.toString('latin1'));
    }
    this.text += pieces.join('');
  }

  /** What stands between a `COPY` and the line `\.`, the rest of the line of the statement left out. */
  async *copyData(): AsyncGenerator<Buffer, void, undefined> {
    let held: Buffer = Buffer.from(this.text, 'latin1');
    this.text = '';
    while (!held.includes(NEWLINE)) {
      const chunk = await this.#next();
      if (chunk === undefined) break;
      held = Buffer.concat([held, chunk]);
    }
    const first = held.indexOf(NEWLINE) + 1;
    this.line += first === 0 ? 0 : 1;
    held = held.subarray(first);
    let at_line_start = true;
    for (;;) {
      const { data, rest, ends } = splitData(held, at_line_start, this.ended);
      if (data.length > 0) {
        this.line += newlinesIn(data, 0, data.length);
        at_line_start = data.at(-1) === NEWLINE;
        yield data;
      }
      if (ends) {
        this.#resume(rest);
        return;
      }
      const chunk = await this.#next();
      if (chunk === undefined && rest.length === 0) {
        throw new UsageError('the data of a copy has no end: the script is cut off', {
          position: { file: this.#file, line: this.line, column: 1 },
          next: 'Copy or make it again.',
        });
      }
      held = chunk === undefined ? rest : Buffer.concat([rest, chunk]);
    }
  }

  #resume(rest: Buffer): void {
    this.text = rest.toString('latin1');
    this.#counted = { upto: 0, line: this.line };
  }

  async #next(): Promise<Buffer | undefined> {
    const { done, value } = await this.#chunks.next();
    if (done === true) {
      this.ended = true;
      return undefined;
    }
    return value;
  }
}

interface Split {
  /** Surely data. */
  readonly data: Buffer;
  /** Not yet told, or what follows the end. */
  readonly rest: Buffer;
  readonly ends: boolean;
}

function splitData(held: Buffer, at_line_start: boolean, complete: boolean): Split {
  for (let from = 0; ; ) {
    const found = held.indexOf(END_OF_DATA, from);
    if (found === -1) {
      // A backslash at the end may be the beginning of the end.
      const sure = !complete && held.at(-1) === END_OF_DATA[0] ? held.length - 1 : held.length;
      return { data: held.subarray(0, sure), rest: held.subarray(sure), ends: false };
    }
    const starts_line = found === 0 ? at_line_start : held[found - 1] === NEWLINE;
    let after = found + END_OF_DATA.length;
    if (held[after] === RETURN) after += 1;
    if (starts_line && after >= held.length && !complete) {
      return { data: held.subarray(0, found), rest: held.subarray(found), ends: false };
    }
    if (starts_line && (after >= held.length || held[after] === NEWLINE)) {
      return { data: held.subarray(0, found), rest: held.subarray(after), ends: true };
    }
    from = found + END_OF_DATA.length;
  }
}

function newlinesIn(text: string | Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
