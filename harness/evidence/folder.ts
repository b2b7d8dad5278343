import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '#harness/core/errors.ts';
import { redactText } from '#harness/core/redact.ts';

/** Upper bounds of an evidence folder, in bytes. */
export interface Bounds {
  readonly total_bytes: number;
  readonly file_bytes: number;
}

export const DEFAULT_BOUNDS: Bounds = { total_bytes: 20 * 1024 * 1024, file_bytes: 2 * 1024 * 1024 };

/** One file of the evidence. */
export interface EvidenceFile {
  readonly path: string;
  readonly bytes: number;
  /** Bytes left out at the beginning, because the end of a log says more. */
  readonly cut_bytes: number;
}

/** Something that could not be had. */
export interface EvidenceGap {
  readonly what: string;
  readonly reason: string;
}

/** A folder of evidence that stays within its bounds and in which no text is written with a secret. */
export class EvidenceFolder {
  readonly dir: string;
  readonly files: EvidenceFile[] = [];
  readonly gaps: EvidenceGap[] = [];
  readonly #bounds: Bounds;
  #left_bytes: number;

  constructor(dir: string, bounds: Bounds = DEFAULT_BOUNDS) {
    this.dir = dir;
    this.#bounds = bounds;
    this.#left_bytes = bounds.total_bytes;
  }

  /** Writes a text with secrets removed, its beginning cut where it is too long. */
  async write(path: string, text: string): Promise<void> {
    const whole = Buffer.from(redactText(text), 'utf8');
    const kept_bytes = Math.min(whole.length, this.#bounds.file_bytes, this.#left_bytes);
    if (kept_bytes === 0 && whole.length > 0) {
      this.gaps.push({ what: path, reason: `the evidence already has ${this.#bounds.total_bytes} bytes` });
      return;
    }
    this.#left_bytes -= kept_bytes;
    const file = join(this.dir, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, whole.subarray(whole.length - kept_bytes));
    this.files.push({ path, bytes: kept_bytes, cut_bytes: whole.length - kept_bytes });
  }

  /** Does one part of the collection; what fails becomes a gap, so that the rest is still collected. */
  async attempt(what: string, collect: () => Promise<void>): Promise<void> {
    try {
      await collect();
    } catch (error) {
      this.gaps.push({ what, reason: redactText(messageOf(error)) });
    }
  }
}
