/** Who waited for whom in a deadlock, from the server's own words. */
import type { DeadlockFacts, DeadlockParty, Refusal, WorkloadFacts } from '#harness/core/guard/load-facts.ts';
import type { RelationNames, SessionNames, Watched } from './locks.ts';

/** SQLSTATE of `deadlock detected`. */
const DEADLOCK = '40P01';

/** Source: DeadLockReport and DescribeLockTag of PostgreSQL, which name processes and relations by their numbers. */
const PARTY =
  /Process (?<waiting>\d+) waits for (?<wanted>\w+) on (?:(?:[^;]*? of )?relation (?<relation>\d+) of database \d+|[^;]+); blocked by process (?<holding>\d+)\./g;
const WORKLOAD = /^mettle (?<side>old|new) (?<kind>reader|writer)s$/;

function whoOf(pid: string | undefined, sessions: SessionNames): string {
  const name = sessions.get(Number(pid));
  if (name === 'mettle migration') return 'the migration';
  const release = WORKLOAD.exec(name ?? '')?.groups;
  return release === undefined
    ? 'another session'
    : `a ${release['kind'] ?? ''} of the ${release['side'] ?? ''} release`;
}

function partiesOf(detail: string, names: RelationNames, sessions: SessionNames): readonly DeadlockParty[] {
  return [...detail.matchAll(PARTY)].map(({ groups = {} }) => {
    const { waiting, wanted = '', relation, holding } = groups;
    return {
      who: whoOf(waiting, sessions),
      wanted,
      ...(relation === undefined ? {} : { relation: names.get(relation) ?? `relation ${relation}` }),
      held_by: whoOf(holding, sessions),
    };
  });
}

/** What the server said of deadlocks to the migration and to each release; nothing where it said nothing. */
export function deadlocksOf(
  refusal: Refusal | undefined,
  workloads: readonly WorkloadFacts[],
  { names, sessions }: Watched,
): readonly DeadlockFacts[] {
  const told = [
    ...(refusal?.code === DEADLOCK ? [{ victim: 'the migration', detail: refusal.detail }] : []),
    ...workloads.flatMap(({ side, errors }) =>
      errors.flatMap(({ code, detail }) =>
        code === DEADLOCK ? [{ victim: `the ${side} release`, detail }] : [],
      ),
    ),
  ];
  return told.map(({ victim, detail = '' }) => ({ victim, parties: partiesOf(detail, names, sessions) }));
}
