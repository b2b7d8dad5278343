/** Group in which the load counts answers by which a service, or whoever stands before it, says that it takes no writes. */
export const READ_ONLY_GROUP = 'read-only';

/** What answers writes by the proxy's rule calls itself so, in the place of a release (harness/faults/gateway-read-only.ts). */
export const READ_ONLY_RELEASE = 'read-only';

const STATUS = 503;
const SAYS = /"error":"read-only\b/;

/**
 * Whether an answer refuses a write because nothing is to be written for a while, says so, and says when to come back. A service
 * that has crashed, or has lost its database, has the same status. The load script uses it, so it imports nothing.
 * @param body as the load generator has it: no text where there was none
 * @param retry_after the header, as it came
 */
export function isReadOnlyAnswer(status: number, body: unknown, retry_after: string | undefined): boolean {
  return status === STATUS && Number(retry_after) > 0 && typeof body === 'string' && SAYS.test(body);
}
