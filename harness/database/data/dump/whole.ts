import { messageOf, MettleError, UsageError } from '#harness/core/errors.ts';

const EDGE_BYTES = 4096;
const BEGINS = '-- PostgreSQL database dump';
const ENDS = '-- PostgreSQL database dump complete';

/**
 * The pieces of a script, and at the end whether they were all: pg_dump writes a last line, so that one of its dumps that is cut
 * off between two statements is told from a whole one.
 * @throws UsageError when they cannot be read, or the end is missing
 */
export async function* demandWhole(
  chunks: AsyncIterable<Buffer>,
  file: string,
): AsyncGenerator<Buffer, void, undefined> {
  let head = '';
  let tail = Buffer.alloc(0);
  try {
    for await (const chunk of chunks) {
      if (head.length < EDGE_BYTES) head += chunk.toString('latin1', 0, EDGE_BYTES);
      tail = Buffer.concat([tail, chunk.subarray(-EDGE_BYTES)]).subarray(-EDGE_BYTES);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof MettleError) throw error;
    throw new UsageError(`the dump ${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if (!head.includes(BEGINS) || tail.includes(ENDS)) return;
  throw new UsageError(`the dump ${file} is cut off: its last line is missing`, {
    next: 'Copy or make it again.',
  });
}
