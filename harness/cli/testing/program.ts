import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryRun } from '#harness/process/run.ts';

const MAIN = join(import.meta.dirname, '..', 'main.ts');

/** How the program ended and what it printed; the folder's path is shown as `<folder>`. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The real program in a folder of its own, with empty caches and state. Disposing of it removes the folder. */
export class Program implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'mettle-cli-'));
  readonly #timeout_s: number;
  readonly #cache: string;

  /** @param options.cache folder of the cache, where it must not be empty: a server takes seconds to prepare */
  constructor({ timeout_s = 15, cache }: { readonly timeout_s?: number; readonly cache?: string } = {}) {
    this.#timeout_s = timeout_s;
    this.#cache = cache ?? join(this.folder, 'cache');
  }

  async run(...args: readonly string[]): Promise<Ended> {
    return await this.runIn({}, ...args);
  }

  /** With further variables in its environment. */
  async runIn(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Ended> {
    const { folder } = this;
    const result = await tryRun([process.execPath, MAIN, ...args], {
      cwd: folder,
      env: { XDG_CACHE_HOME: this.#cache, XDG_STATE_HOME: join(folder, 'state'), NO_COLOR: '1', ...env },
      timeout_s: this.#timeout_s,
    });
    const tidy = (text: string): string => text.replaceAll(folder, '<folder>');
    return { code: result.exit_code, out: tidy(result.stdout), err: tidy(result.stderr) };
  }

  /** Writes a file into the folder and returns its path. */
  write(name: string, text: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, text);
    return file;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
