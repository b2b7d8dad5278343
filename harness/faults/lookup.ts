import { UnfitError } from '#harness/core/errors.ts';
import { statusOf } from '#harness/core/kstatus.ts';
import { POD } from '#harness/kube/recording.ts';
import type { FaultContext } from './fault.ts';

/** Each question is a new one, so that both of the cluster's servers are asked. */
const ASK = `
const { Resolver } = require('node:dns').promises;
const [name, times] = process.argv.slice(1);
const ask = () => new Resolver({ timeout: 700, tries: 1 }).resolve4(name).then(() => 'found', (error) => error.code);
Promise.all(Array.from({ length: Number(times) }, ask)).then((answers) => console.log(answers.join(' ')));
`;
const QUESTIONS = 8;

/** What a pod of the run's shop is told when it asks for a name: `found`, or the resolver's code, for each question. */
export async function lookUp(
  { kube }: FaultContext,
  namespace: string,
  name: string,
): Promise<readonly string[]> {
  const pods = await kube.list({ ...POD, namespace, labels: 'mettle.dev/part-of=shop' });
  const ready = pods.find((pod) => statusOf(pod).standing === 'Current');
  if (ready === undefined)
    throw new UnfitError(`no ready pod of the shop of ${namespace} could ask for a name`);
  const { stdout } = await kube.exec({
    namespace,
    pod: ready.metadata.name,
    command: ['/usr/local/bin/node', '-e', ASK, name, String(QUESTIONS)],
  });
  return stdout.trim().split(' ').filter(Boolean);
}

/** Answers in words, for example `6 found, 2 ENOTFOUND`. */
export function tally(answers: readonly string[]): string {
  const counts = [...Map.groupBy(answers, (answer) => answer)].map(
    ([answer, of]) => `${of.length} ${answer}`,
  );
  return counts.join(', ') || 'no answer';
}
