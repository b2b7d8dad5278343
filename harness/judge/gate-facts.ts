/** Why the controller at a gate gave a release up: by its own words, which must lead to the guard's Job. */
import type { DeclaredMigration, GateController } from '#harness/core/migration.ts';
import type { EpochMs, RecordOf } from '#harness/core/timeline.ts';
import { refuses } from './delivery-facts.ts';
import type { Facts } from './facts.ts';
import { MissingEvidence } from './missing-evidence.ts';

type ObjectRecord = RecordOf<'kubernetes', 'object'>;

/** The Job for which a controller gave a release up, with the records that say so. */
export interface HeldBack {
  readonly job: string;
  readonly seqs: readonly number[];
}

interface Gate {
  readonly namespace: string;
  /** When the release was shipped. */
  readonly since: EpochMs;
}

function objects(facts: Facts, { namespace, since }: Gate, kind: string): readonly ObjectRecord[] {
  return facts.timeline
    .of('kubernetes', 'object')
    .filter(({ subject, at }) => at >= since && subject.startsWith(`${kind}/${namespace}/`));
}

function otherReason(who: string, words: unknown): MissingEvidence {
  return new MissingEvidence(
    `${who} gave the release up, and not for the guard's Job: ${String(words) || 'it says nothing'}`,
  );
}

/** Name of the metric that a field of an AnalysisRun is about, where it says which Job was the measurement. */
function jobMetrics({ data: { fields } }: ObjectRecord): readonly string[] {
  return Object.keys(fields).flatMap((field) =>
    field.endsWith('.job') ? [field.slice(0, -'.job'.length)] : [],
  );
}

/**
 * The Rollout was aborted, in the words of an AnalysisRun whose failed measurement was a Job (rollout/analysis.go hands the run's
 * message on; metricproviders/job/job.go of Argo Rollouts 1.10 names the Job).
 */
function byArgo(facts: Facts, gate: Gate): HeldBack {
  const who = 'Argo Rollouts';
  const aborted = objects(facts, gate, 'Rollout').findLast(({ data }) => data.fields['aborted'] === true);
  if (!aborted) throw new MissingEvidence(`${who} was not seen to abort the release`);
  const words = String(aborted.data.fields['message'] ?? '');
  for (const run of objects(facts, gate, 'AnalysisRun').toReversed()) {
    const { fields } = run.data;
    const said = String(fields['message'] ?? '');
    if (fields['phase'] !== 'Failed' || said === '' || !words.includes(said)) continue;
    const metric = jobMetrics(run).find(
      (name) => fields[`${name}.last_phase`] === 'Failed' && said.includes(`"${name}"`),
    );
    if (metric !== undefined) return { job: String(fields[`${metric}.job`]), seqs: [run.seq, aborted.seq] };
  }
  throw otherReason(who, words);
}

/** In the words of the gate behind the webhook (fixtures/apps/migration-gate/decide.ts), which Flagger repeats. */
const CLOSED =
  /^Halt \S+ advancement pre-rollout check \S+ failed \{"gate":"closed","why":"the guard (?<job>\S+) refuses: /;
const ROLLED_BACK = /^Rolling back \S+ failed checks threshold reached (?<checks>\d+)/;

/** Every failed check that Flagger counted was an answer of the closed gate (pkg/controller/scheduler.go of Flagger 1.44). */
function byFlagger(facts: Facts, { namespace, since }: Gate): HeldBack {
  const who = 'Flagger';
  const events = facts.timeline
    .of('kubernetes', 'event')
    .filter(({ subject, at }) => at >= since && subject.startsWith(`Canary/${namespace}/`));
  const end = events.find(({ data }) => ROLLED_BACK.test(data.message));
  if (!end) throw otherReason(who, events.at(-1)?.data.message ?? '');
  const counted = Number(ROLLED_BACK.exec(end.data.message)?.groups?.['checks']);
  const closed = events.filter(({ data, seq }) => seq < end.seq && CLOSED.test(data.message));
  // An Event that is repeated has a count.
  const times = [...Map.groupBy(closed, ({ data }) => data.message).values()].reduce(
    (sum, same) => sum + Math.max(...same.map(({ data }) => data.count)),
    0,
  );
  const jobs = new Set(closed.map(({ data }) => CLOSED.exec(data.message)?.groups?.['job'] ?? ''));
  const [job] = jobs;
  if (job === undefined || jobs.size > 1 || times < counted) {
    const other = events.findLast(
      ({ data, seq }) => seq < end.seq && /^Halt |failed/.test(data.message) && !CLOSED.test(data.message),
    );
    throw otherReason(
      who,
      `${times} of ${counted} failed checks were the gate's; ${other?.data.message ?? ''}`,
    );
  }
  return { job, seqs: [...closed.map(({ seq }) => seq), end.seq] };
}

/** The Kustomization of the guard was not healthy at the commit, because of a Job (runtime/health of Flux names what is stalled). */
function byFlux(facts: Facts, gate: Gate): HeldBack {
  const who = 'Flux';
  const commit = facts.timeline.of('git', 'commit').findLast(({ at }) => at <= gate.since);
  if (!commit) throw new MissingEvidence('no commit was pushed that ships the release');
  // The first is how this commit was refused; Flux looks again and again.
  const refused = objects(facts, gate, 'Kustomization').find(
    (one) => one.subject === `Kustomization/${gate.namespace}/guard` && refuses(one, commit.data.revision),
  );
  if (!refused) throw new MissingEvidence(`${who} was not seen to refuse the commit at the guard's step`);
  const words = String(refused.data.fields['message'] ?? '');
  const stalled = new RegExp(`\\bJob/${RegExp.escape(gate.namespace)}/(?<job>\\S+) status: 'Failed'`).exec(
    words,
  );
  if (refused.data.fields['reason'] !== 'HealthCheckFailed' || !stalled?.groups)
    throw otherReason(who, words);
  return { job: stalled.groups['job'] ?? '', seqs: [commit.seq, refused.seq] };
}

const BY: Readonly<Record<GateController, (facts: Facts, gate: Gate) => HeldBack>> = {
  'argo-rollouts': byArgo,
  flagger: byFlagger,
  flux: byFlux,
};

/**
 * The Job by whose failure a release was held back, which is the one whose pod the guard's verdict came from.
 * @throws MissingEvidence when the controller gave the release up for another reason, or does not say for which
 */
export function heldBackByGuard(
  facts: Facts,
  { name, guard }: DeclaredMigration,
  { data: { pod } }: RecordOf<'database', 'guard'>,
): HeldBack {
  const { namespace } = facts.expectation('migration');
  if (guard?.by === undefined) throw new MissingEvidence(`nobody declared who stands at the gate of ${name}`);
  const shipped = facts.timeline.of('release', 'shipped').find(({ data }) => data.release === guard.release);
  if (!shipped) throw new MissingEvidence(`release ${guard.release} was never shipped`);
  const held = BY[guard.by](facts, { namespace, since: shipped.at });
  if (pod.startsWith(`${held.job}-`)) return held;
  throw new MissingEvidence(
    `the release was held back for Job ${held.job}, and the guard's verdict is of pod ${pod}`,
  );
}
