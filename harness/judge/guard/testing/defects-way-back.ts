/** Ways back that lead elsewhere, and accidents. */
import { type Defect, without } from './defects.ts';
import { madeColumn, madeContent, madeKill, madeTrip, madeWorkload, ROWS } from './made-guard.ts';

export const WAY_BACK: readonly Defect[] = [
  {
    name: 'no down',
    spoil: without('down'),
    check: 'down-present',
    outcome: 'fail',
    says: /there is no down/,
  },
  {
    name: 'a down that is not the inverse: a constraint is gone',
    spoil: {
      round_trip: {
        up_down: madeTrip({ schema: ['constraint users_name_check of public.users is gone'] }),
        up_down_up: madeTrip(),
        written_between: 5,
      },
    },
    check: 'round-trip-schema',
    outcome: 'fail',
    says: /users_name_check/,
  },
  {
    name: 'a down that restores the schema but not the data',
    spoil: {
      round_trip: {
        up_down: madeTrip({ data: madeContent({ columns: [madeColumn('name', { nulled: ROWS })] }) }),
        up_down_up: madeTrip(),
        written_between: 5,
      },
    },
    check: 'round-trip-data',
    outcome: 'fail',
    severity: 'critical',
    says: /^after up and down 1,000,000 values of public\.users\.name are NULL now/,
  },
  {
    name: 'a down that loses what was written in between',
    spoil: {
      round_trip: { up_down: madeTrip({ written_lost: 3 }), up_down_up: madeTrip(), written_between: 500 },
    },
    check: 'round-trip-data',
    outcome: 'fail',
    says: /3 rows that were written in between are gone/,
  },
  {
    name: 'a down that does not take a backfill back',
    spoil: {
      round_trip: {
        up_down: madeTrip({ data: madeContent({ columns: [madeColumn('name', { gained: 12 })] }) }),
        up_down_up: madeTrip(),
        written_between: 5,
      },
    },
    check: 'round-trip-data',
    outcome: 'fail',
    severity: 'high',
    says: /^after up and down 12 values are in public\.users\.name that were NULL before/,
  },
  {
    name: 'a down that is refused',
    spoil: {
      round_trip: {
        up_down: madeTrip({ refusal: { index: 0, code: '42703', message: 'no such column' } }),
        up_down_up: undefined,
        written_between: 5,
      },
    },
    check: 'round-trip-schema',
    outcome: 'fail',
    says: /^the down was refused: 42703/,
  },
  {
    name: 'a new release whose writes all failed between up and down',
    spoil: {
      round_trip: {
        up_down: madeTrip(),
        up_down_up: madeTrip(),
        written_between: 0,
        between: madeWorkload('new', 'after', {
          by_statement: [
            { name: 'user by id', reads_only: true, begun: 700, failed: 0, latency_max_ms: 12 },
            { name: 'rename user', reads_only: false, begun: 200, failed: 200, latency_max_ms: 20 },
          ],
        }),
      },
    },
    check: 'round-trip-data',
    outcome: 'inconclusive',
    says: /^the new release wrote nothing between up and down: all 200 writes failed$/,
  },
  {
    name: 'a new release whose writes were never sent between up and down',
    spoil: {
      round_trip: {
        up_down: madeTrip(),
        up_down_up: madeTrip(),
        written_between: 0,
        between: madeWorkload('new', 'after', {
          by_statement: [{ name: 'rename', reads_only: false, begun: 0, failed: 0, latency_max_ms: 0 }],
        }),
      },
    },
    check: 'round-trip-data',
    outcome: 'inconclusive',
    says: /: none of its writes was sent$/,
  },
  {
    name: 'killed and stuck',
    spoil: {
      kills: [
        madeKill('client', {
          state: 'in between',
          again: 'refused',
          again_refusal: { index: 0, code: '42701', message: 'column "nickname" already exists' },
          same_after_again: false,
        }),
        madeKill('server'),
        madeKill('connection'),
      ],
    },
    check: 'killed-client',
    outcome: 'fail',
    says: /killed 10 ms into statement 1 it is in between, and running it again is refused: 42701/,
  },
  {
    name: 'killed, run again, and something else',
    spoil: {
      kills: [
        madeKill('server', { state: 'in between', same_after_again: false, differences: ['2 rows twice'] }),
        madeKill('client'),
        madeKill('connection'),
      ],
    },
    check: 'killed-server',
    outcome: 'fail',
    severity: 'critical',
    says: /does not end as an unbroken run does: 2 rows twice/,
  },
  {
    name: 'every kill came too late',
    spoil: { kills: [madeKill('client'), madeKill('server'), madeKill('connection', { too_late: true })] },
    check: 'connection-cut',
    outcome: 'inconclusive',
    says: /nothing was killed in the middle/,
  },
];
