import { run } from '#harness/process/run.ts';
import { signalOn, tryOnNode } from './node.ts';

const COMMAND_S = 20;

/** A shell script that goes on in a node after the command that began it; no other process has its mark. */
export interface NodeLoop {
  readonly node: string;
  readonly mark: string;
}

async function pids({ node, mark }: NodeLoop): Promise<readonly number[]> {
  const { stdout } = await tryOnNode(node, ['pgrep', '--full', mark]);
  return stdout.split('\n').filter(Boolean).map(Number);
}

/**
 * Begins a script in a node, which gets the arguments as `$1` and so on. It must end by itself after some time: nobody
 * may be left to stop it.
 * @throws UnfitError when Docker refuses
 */
export async function startOnNode(
  { node, mark }: NodeLoop,
  script: string,
  given: readonly (string | number)[],
): Promise<void> {
  const command = ['sh', '-c', script, mark, ...given.map(String)];
  await run(['docker', 'exec', '--detach', node, ...command], { timeout_s: COMMAND_S, detached: true });
}

/** Ends a script at once. One that does not run is no error. */
export async function stopOnNode(loop: NodeLoop): Promise<void> {
  await signalOn(loop.node, 'KILL', await pids(loop));
}

export async function runsOnNode(loop: NodeLoop): Promise<boolean> {
  return (await pids(loop)).length > 0;
}
