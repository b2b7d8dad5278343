import { expect, test } from 'vitest';
import { found } from './testing/found.ts';
import { madeFacts, madeTrip, madeWorkload } from './testing/made-guard.ts';

test('a release that only reads writes nothing between up and down, which is remarked', () => {
  const by_statement = [{ name: 'a', reads_only: true, begun: 9, failed: 0, latency_max_ms: 1 }];
  const round_trip = {
    up_down: madeTrip(),
    up_down_up: madeTrip(),
    written_between: 0,
    between: madeWorkload('new', 'after', { by_statement }),
  };
  expect(found(madeFacts({ round_trip }), 'round-trip-data')).toMatchObject({
    outcome: 'pass',
    severity: 'low',
  });
});
