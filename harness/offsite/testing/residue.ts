import { readdir } from 'node:fs/promises';
import { stateDir } from '#harness/process/paths.ts';
import { run } from '#harness/process/run.ts';

/** The lines that a command prints, in the order of the alphabet. */
export async function outputOf(command: readonly string[]): Promise<readonly string[]> {
  return (await run(command)).stdout.split('\n').filter(Boolean).sort();
}

/** Everything that something off-site adds to a machine. Other runs may come and go meanwhile. */
export async function residue(): Promise<object> {
  const files = await readdir(stateDir(), { recursive: true }).catch(() => []);
  const label = 'label=mettle.dev/offsite';
  return {
    containers: (
      await outputOf(['docker', 'ps', '--all', '--filter', label, '--format', '{{.Names}}'])
    ).filter((name) => name.includes('offsite-e2e-')),
    networks: (
      await outputOf(['docker', 'network', 'ls', '--filter', label, '--format', '{{.Name}}'])
    ).filter((name) => name.includes('offsite-e2e-')),
    reapers: (await outputOf(['docker', 'ps', '--all', '--format', '{{.Names}}'])).filter((name) =>
      name.includes('testcontainers'),
    ),
    files: files.filter((file) => file !== 'offsite' && file.includes('offsite')).sort(),
  };
}
