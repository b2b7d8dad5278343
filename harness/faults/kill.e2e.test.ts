/**
 * A harness that is killed while a fault is on leaves nothing: a few faults of each sort here, all of them with
 * `scripts/bench kill-matrix`, or here with METTLE_KILL_ALL=1.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FAULTS } from './catalogue.ts';
import { keptPromise, killDuring, MOMENTS, RESIDUE_S } from './kill.ts';
import { openTrial, type OpenTrial } from './testing/trial.ts';

/** One of each way in which faults reach the cluster: objects, processes, proxies, rules, stubs, the database. */
const CHOSEN = new Set([
  'bad-release',
  'config-shared',
  'container-stop',
  'network-latency',
  'network-partition',
  'gate-closed',
  'prometheus-lies',
  'database-errors',
  'dns-name',
  'gateway-delay',
  'gateway-read-only',
]);

const everything = process.env['METTLE_KILL_ALL'] === '1';
/** A named cluster is one that others use as well. */
const alone = (process.env['METTLE_TEST_CLUSTER'] ?? '') === '';
const faults = FAULTS.filter(
  ({ name, radius, trial_needs }) =>
    (everything || CHOSEN.has(name)) && (alone || radius.reach === 'own') && (trial_needs.nodes ?? 1) === 1,
);

let trial: OpenTrial;

beforeAll(async () => {
  trial = await openTrial();
});

afterAll(async () => {
  await trial[Symbol.asyncDispose]();
});

test.each(
  faults.map((fault, index) => [fault.name, MOMENTS[index % MOMENTS.length] ?? 'proven on', fault] as const),
)(
  `SIGKILL of the harness with %s, %s, leaves nothing within ${RESIDUE_S} s`,
  async (_name, moment, fault) => {
    const kill = await killDuring(trial, { fault, moment, point: 0.5, whole: alone });
    expect(kill).toSatisfy(keptPromise);
  },
);
