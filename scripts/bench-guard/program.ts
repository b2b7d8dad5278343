/** The guard as a person runs it, with what it needed. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryRun } from '#harness/process/run.ts';
import { ROOT } from '#harness/run/catalogue.ts';

const DEADLINE_S = 3600;

export interface Ran {
  readonly seconds: number;
  readonly exit_code: number | null;
  readonly memory_mib: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `mettle guard`, and reads from the kernel what the program itself needed at most; its server is not in that. */
export async function runGuard(folder: string, args: readonly string[]): Promise<Ran> {
  const peak = join(folder, 'peak');
  // Loaded before the program, and asked when it ends.
  const probe = join(folder, 'probe.mjs');
  writeFileSync(
    probe,
    `import { readFileSync, writeFileSync } from 'node:fs';
const status = () => readFileSync('/proc/self/status', 'utf8');
process.on('exit', () => writeFileSync(${JSON.stringify(peak)}, /VmHWM:\\s+(\\d+) kB/.exec(status())?.[1] ?? ''));\n`,
  );
  const from = performance.now();
  const result = await tryRun([join(ROOT, 'scripts', 'mettle'), 'guard', ...args], {
    cwd: folder,
    env: { NODE_OPTIONS: `--import=${probe}` },
    timeout_s: DEADLINE_S,
  });
  return {
    seconds: (performance.now() - from) / 1000,
    exit_code: result.exit_code,
    memory_mib: Number(readFileSync(peak, 'utf8')) / 1024,
    out: result.stdout,
    err: result.stderr,
  };
}

/** The line that says why a run ended as it did. */
export function lastLineOf({ err }: Ran): string {
  return err.trim().split('\n').at(-1) ?? '';
}
