/** Which migrations a dump or a copy has not seen yet. */
import { UsageError } from '#harness/core/errors.ts';
import { askBy } from '#harness/database/ask.ts';
import { readState, requireLinear } from '#harness/database/migrations/state.ts';
import { openClient } from '#harness/database/server/client.ts';
import type { ScratchDatabase } from '#harness/database/server/types.ts';
import { applyWhole } from './ground.ts';
import type { GuardRequest } from './request.ts';

/**
 * Leaves out what the tool's own table says has been run, and runs what is due before the first judged migration. Where the
 * tool never ran, the database is taken to be in the state before the first judged one.
 * @throws UsageError when nothing is left to judge, or the history is not linear; UnfitError when an earlier one is refused
 */
export async function onlyPending(
  request: GuardRequest,
  { address }: ScratchDatabase,
): Promise<GuardRequest> {
  const { set, data } = request;
  if (data.source !== 'dump' && data.source !== 'live') return request;
  const state = await stateOf(request, { address });
  if (state?.table === undefined) return request;
  requireLinear(state, set);
  const names = new Set(state.pending.map(({ name }) => name));
  const judged = request.judged.filter(({ name }) => names.has(name));
  if (judged.length === 0) {
    throw new UsageError(`${state.table} says that all of them have been run: nothing is left to judge`, {
      next: 'give rows from before the migration, or name another one with --from',
    });
  }
  const due = request.earlier.filter(({ name }) => names.has(name));
  for (const one of due) await applyWhole(address, one.up, one.in_transaction, one.name);
  return { ...request, judged };
}

async function stateOf({ set }: GuardRequest, { address }: Pick<ScratchDatabase, 'address'>) {
  await using client = await openClient(address);
  return set.tool === 'sql' ? undefined : await readState(askBy(client), set);
}
