import { UnfitError } from '#harness/core/errors.ts';
import { run } from '#harness/process/run.ts';
import { tryOnNode } from './node.ts';

/** Between what passes a node: packets from and to pods do, whichever node they are on. */
const TABLE = 'filter';
const PASSING = 'FORWARD';
const COMMAND_S = 20;

/**
 * Rules that let nothing pass between any of some addresses and any of some others, in either direction, and touch no
 * other pair.
 * @param refused tells whoever connects, instead of letting packets vanish
 */
export function pairRules(
  from: readonly string[],
  to: readonly string[],
  refused: boolean,
): readonly string[] {
  return from
    .flatMap((left) => to.flatMap((right) => [[left, right] as const, [right, left] as const]))
    .flatMap(([source, target]) => {
      const pair = `-s ${source}/32 -d ${target}/32`;
      return refused
        ? [`${pair} -p tcp -j REJECT --reject-with tcp-reset`, `${pair} -j DROP`]
        : [`${pair} -j DROP`];
    });
}

/** All of a chain is taken away, and every way into it, as often as it was put there. */
const REMOVE = `
while iptables --wait --delete ${PASSING} --jump "$1" 2>/dev/null; do :; done
iptables --wait --flush "$1" 2>/dev/null && iptables --wait --delete-chain "$1"
exit 0`;

/**
 * Puts rules into a chain of their own, before all others that a packet meets on its way through a node. It is done at
 * once or not at all.
 * @throws UnfitError when a rule is refused
 */
export async function addChain(node: string, chain: string, rules: readonly string[]): Promise<void> {
  const text = [
    `*${TABLE}`,
    `:${chain} - [0:0]`,
    ...rules.map((rule) => `-A ${chain} ${rule}`),
    `-I ${PASSING} 1 -j ${chain}`,
    'COMMIT',
    '',
  ].join('\n');
  await run(['docker', 'exec', '--interactive', node, 'iptables-restore', '--wait', '--noflush'], {
    input: text,
    timeout_s: COMMAND_S,
    detached: true,
  });
}

/** Removes a chain of ours with all its rules; one that is not there is no mistake. @throws UnfitError when it stays */
export async function removeChain(node: string, chain: string): Promise<void> {
  await tryOnNode(node, ['sh', '-c', REMOVE, 'sh', chain]);
  if (await hasChain(node, chain)) throw new UnfitError(`chain ${chain} of ${node} cannot be removed`);
}

/** Whether a node has a chain. */
export async function hasChain(node: string, chain: string): Promise<boolean> {
  const { exit_code } = await tryOnNode(node, ['iptables', '--wait', '--list-rules', chain]);
  return exit_code === 0;
}
