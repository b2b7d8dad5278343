import { tryRun } from '#harness/process/run.ts';

/** Of what a folder is a checkout, in words. */
export async function commitOf(checkout: string): Promise<string> {
  const { stdout, exit_code } = await tryRun(['git', '-C', checkout, 'rev-parse', '--short=7', 'HEAD']);
  return exit_code === 0 ? `commit ${stdout.trim()}` : 'of a commit that is not known';
}
