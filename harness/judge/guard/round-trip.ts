/** The way back: whether there is one, and whether it leads back. */
import type { GuardFacts, MigrationFacts, RoundTripFacts, TripFacts } from '#harness/core/guard/facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { type Check, type Found, holds, need, needPart } from './check.ts';
import { judgeRows, judgeValues } from './content.ts';
import { counted, list } from './words.ts';

export const downPresent: Check = {
  id: 'down-present',
  part: 'down',
  grounds: [],
  find: ({ migration }) => {
    const limit = 'a down beside each up';
    if (migration.down !== undefined && migration.down.trim() !== '') {
      return holds('there is a way back', limit, { measured: '1 down' });
    }
    return {
      outcome: 'fail',
      severity: 'high',
      reason: 'there is no down: the only way back is a restore',
      limit,
      measured: '0 downs',
    };
  },
};

function tripsOf(migration: MigrationFacts): {
  readonly trip: RoundTripFacts;
  readonly back: TripFacts;
} {
  const trip = needPart(migration, 'round_trip', 'the way back was never gone');
  if (trip.missing !== undefined) throw new MissingEvidence(`the way back was never gone: ${trip.missing}`);
  return { trip, back: need(trip.up_down, 'the way back was never gone') };
}

function refusedBack({ refusal }: TripFacts, what: string): Found | undefined {
  if (refusal === undefined) return undefined;
  return {
    outcome: 'fail',
    severity: 'high',
    reason: `${what} was refused: ${refusal.code} ${refusal.message}`,
    limit: 'the schema of before',
    measured: `refused at statement ${refusal.index + 1} of it`,
  };
}

function schemaDiffers(lines: readonly string[], what: string): Found | undefined {
  if (lines.length === 0) return undefined;
  return {
    outcome: 'fail',
    severity: 'high',
    reason: `the schema ${what} differs in ${counted(lines.length, 'thing')}: ${list(lines, 2)}`,
    limit: 'the schema of before',
    measured: counted(lines.length, 'difference'),
    items: lines,
  };
}

export const roundTripSchema: Check = {
  id: 'round-trip-schema',
  part: 'down',
  grounds: [],
  find: ({ migration }) => {
    const { trip, back } = tripsOf(migration);
    const found = refusedBack(back, 'the down') ?? schemaDiffers(back.schema, 'after up and down');
    if (found !== undefined) return found;
    const again = need(trip.up_down_up, 'it was not run again after its down');
    return (
      refusedBack(again, 'the up after its down') ??
      schemaDiffers(again.schema, 'after up, down and up') ??
      holds(
        'up and down lead back to the schema of before, and up again to that of after',
        'the schema of before',
        {
          measured: '0 differences',
        },
      )
    );
  },
};

/** Rows and values that a trip did not bring back, in the words of the checks of a single run. */
function lossOf(trip: TripFacts, migration: MigrationFacts, what: string): Found | undefined {
  const found = [judgeRows(trip.data, migration), judgeValues(trip.data, migration)].filter(
    ({ outcome }) => outcome === 'fail',
  );
  const added = trip.data.tables.filter(({ rows_added }) => rows_added > 0);
  const [first] = found.toSorted(
    (left, right) => Number(right.severity === 'critical') - Number(left.severity === 'critical'),
  );
  if (first !== undefined) {
    return {
      ...first,
      reason: `${what} ${list(found.map(({ reason }) => reason))}`,
      limit: 'the rows of before',
      items: found.flatMap(({ items = [] }) => items),
    };
  }
  if (trip.written_lost > 0) {
    return {
      outcome: 'fail',
      severity: 'critical',
      reason: `${what} ${counted(trip.written_lost, 'row')} that ${trip.written_lost === 1 ? 'was' : 'were'} written in between ${trip.written_lost === 1 ? 'is' : 'are'} gone or changed`,
      limit: 'every row that was written in between',
      measured: `${counted(trip.written_lost, 'row')} lost`,
    };
  }
  const gained = trip.data.tables.flatMap(({ table, columns }) =>
    columns.filter((fate) => fate.gained > 0).map((fate) => ({ name: `${table}.${fate.column}`, fate })),
  );
  if (gained.length > 0) {
    const values = gained.reduce((sum, { fate }) => sum + fate.gained, 0);
    return {
      outcome: 'fail',
      severity: 'high',
      reason: `${what} ${counted(values, 'value')} ${values === 1 ? 'is' : 'are'} in ${list(gained.map(({ name }) => name))} that ${values === 1 ? 'was' : 'were'} NULL before`,
      limit: 'the rows of before',
      measured: `${counted(values, 'value')} too many`,
    };
  }
  if (added.length === 0) return undefined;
  const rows = added.reduce((sum, { rows_added }) => sum + rows_added, 0);
  return {
    outcome: 'fail',
    severity: 'high',
    reason: `${what} ${list(added.map(({ table }) => table))} ${added.length === 1 ? 'holds' : 'hold'} ${counted(rows, 'row')} that nobody wrote`,
    limit: 'the rows of before',
    measured: `${counted(rows, 'row')} too many`,
  };
}

/** Of a release that was named and writes, rows must be there that could have been lost. @throws MissingEvidence */
function needWritten({ left_out }: GuardFacts, { written_between, between }: RoundTripFacts): void {
  if (written_between > 0 || left_out?.some(({ part }) => part === 'new-release') === true) return;
  const writes = between?.by_statement.filter(({ reads_only }) => !reads_only) ?? [];
  const begun = writes.reduce((sum, one) => sum + one.begun, 0);
  if (writes.length === 0 || writes.some((one) => one.begun > one.failed)) return;
  const why = begun === 0 ? 'none of its writes was sent' : `all ${counted(begun, 'write')} failed`;
  throw new MissingEvidence(`the new release wrote nothing between up and down: ${why}`);
}

export const roundTripData: Check = {
  id: 'round-trip-data',
  part: 'down',
  grounds: ['data-present'],
  find: ({ facts, migration }) => {
    const { trip, back } = tripsOf(migration);
    const limit = 'the rows of before, and every row that was written in between';
    if (back.refusal !== undefined)
      throw new MissingEvidence('the down was refused: nothing could be compared');
    const found = lossOf(back, migration, 'after up and down');
    if (found !== undefined) return found;
    const again = need(trip.up_down_up, 'it was not run again after its down');
    if (again.refusal !== undefined) {
      throw new MissingEvidence('the up after its down was refused: nothing could be compared');
    }
    const lost = lossOf(again, migration, 'after up, down and up');
    if (lost !== undefined) return lost;
    needWritten(facts, trip);
    const written = `${counted(trip.written_between, 'row')} written in between`;
    return trip.written_between === 0
      ? {
          ...holds('up and down lead back to the rows of before; nothing was written in between', limit, {
            measured: '0 rows lost',
          }),
          severity: 'low',
        }
      : holds(`up and down lead back to the rows of before, with ${written}`, limit, {
          measured: `0 rows lost, ${written}`,
        });
  },
};
