/** The thread of a workload: whatever else Mettle does meanwhile, statements are sent when they are due. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, MettleError } from '#harness/core/errors.ts';
import { Generator } from './generator.ts';
import type { GeneratorTask, Question, Reply } from './generator-messages.ts';
import { type Sender, sqlSender } from './sql-sender.ts';

function tell(reply: Reply): void {
  parentPort?.postMessage(reply, []);
}

async function senderOf({ release, origin = '', options }: GeneratorTask): Promise<Sender> {
  if (release.kind === 'sql') return await sqlSender(release, options);
  // Loading what speaks HTTP takes longer than all else, and most workloads are statements.
  const { httpSender } = await import('./http-sender.ts');
  return await httpSender(release.requests, origin, options);
}

async function begin(task: GeneratorTask): Promise<Generator> {
  const { side, rate_per_s } = task.options;
  return new Generator({ side, rate_per_s, ...(await senderOf(task)) });
}

async function answer(generator: Generator, question: Question): Promise<Reply> {
  const { id } = question;
  switch (question.ask) {
    case 'cut':
      return { tell: 'facts', id, facts: await generator.cut(question.moment) };
    case 'stop':
      return { tell: 'facts', id, facts: await generator.stop(question.moment) };
    case 'settle':
      await generator.settle();
      return { tell: 'settled', id };
    case 'stalls':
      return { tell: 'stalls', id, stalls: generator.stalls(question.since) };
  }
}

try {
  const task: GeneratorTask = workerData;
  const generator = await begin(task);
  parentPort?.on('message', (question: Question) => {
    void answer(generator, question).then(tell);
  });
  tell({ tell: 'ready' });
} catch (error) {
  const next = error instanceof MettleError && error.next !== undefined ? { next: error.next } : {};
  tell({ tell: 'unfit', message: messageOf(error), ...next });
}
