/**
 * The thread of a workload: whatever else Mettle does meanwhile, statements are sent when they are due. It runs one workload
 * after another.
 */
import { parentPort } from 'node:worker_threads';
import { messageOf, MettleError } from '#harness/core/errors.ts';
import { setThreadNiceness } from '#harness/process/thread-niceness.ts';
import { Generator } from './generator.ts';
import type { GeneratorTask, Question, Reply } from './generator-messages.ts';
import { type Sender, sqlSender } from './sql-sender.ts';

/** As that of the load on a cluster. */
const NICENESS = -10;

let working: Generator | undefined;

async function senderOf({ release, origin = '', options }: GeneratorTask): Promise<Sender> {
  if (release.kind === 'sql') return await sqlSender(release, options);
  // Loading what speaks HTTP takes longer than all else, and most workloads are statements.
  const { httpSender } = await import('./http-sender.ts');
  return await httpSender(release.requests, origin, options);
}

async function begin(id: number, task: GeneratorTask): Promise<Reply> {
  const { side, rate_per_s } = task.options;
  try {
    working = new Generator({ side, rate_per_s, ...(await senderOf(task)) });
    return { tell: 'done', id };
  } catch (error) {
    const next = error instanceof MettleError && error.next !== undefined ? { next: error.next } : {};
    return { tell: 'unfit', id, message: messageOf(error), ...next };
  }
}

async function answer(question: Question): Promise<Reply> {
  const { id } = question;
  if (question.ask === 'begin') return await begin(id, question.task);
  if (working === undefined) return { tell: 'unfit', id, message: 'no release is at work' };
  switch (question.ask) {
    case 'cut':
      return { tell: 'facts', id, facts: await working.cut(question.moment) };
    case 'stop':
      return { tell: 'facts', id, facts: await working.stop(question.moment) };
    case 'settle':
      await working.settle();
      return { tell: 'done', id };
    case 'cover':
      await working.cover(question.longest_ms);
      return { tell: 'done', id };
    case 'stalls':
      return { tell: 'stalls', id, stalls: working.stalls(question.since) };
    case 'end': {
      const ended = working;
      working = undefined;
      await ended[Symbol.asyncDispose]();
      return { tell: 'done', id };
    }
  }
}

setThreadNiceness(NICENESS);
parentPort?.on('message', (question: Question) => {
  void answer(question).then((reply) => parentPort?.postMessage(reply, []));
});
