/** Applies a migration as a team's pipeline does: it asks what has to hold first, runs the Job, and says what became of it. */
import { DeadlineError, messageOf, UnfitError } from '#harness/core/errors.ts';
import { at, type KubeObject, listAt, numberAt } from '#harness/core/kubernetes.ts';
import { RELEASE_LABEL } from '#harness/core/object-labels.ts';
import type { MigrationData } from '#harness/core/migration.ts';
import type { Progress } from '#harness/core/progress.ts';
import type { EpochMs, Recorder } from '#harness/core/timeline.ts';
import { POD } from '#harness/kube/recording.ts';
import type { Condition } from '#harness/kube/wait.ts';
import { shopMigration } from '#harness/stack/shop-migration.ts';
import type { StackContext } from '#harness/stack/component.ts';

/** A pod of the Job is made, started and has asked the database within this. */
const APPLIED_S = 60;

/** Where a migration is applied, and who is told. */
export interface MigrationPlace {
  readonly run: {
    readonly timeline: Recorder;
    readonly progress: Progress;
    readonly signal: AbortSignal;
  };
  readonly ctx: StackContext;
  readonly namespace: string;
}

export interface Migration {
  readonly name: string;
  /** Statements that name the schema in full. */
  readonly sql: string;
  /** Asked in this order before anything is touched; the first that objects refuses the migration. */
  readonly gates?: readonly Gate[];
}

/** What has to hold before a migration may begin: undefined, or why it does not. */
export type Gate = (place: MigrationPlace) => Promise<string | undefined>;

/** No pod of these releases is there any more, by what the API server says now. A pod that ends may still write. */
export function noPodOf(releases: readonly string[]): Gate {
  return async ({ ctx, namespace }) => {
    const wanted = `${RELEASE_LABEL} in (${releases.join(',')})`;
    const pods = await ctx.kube.list({ ...POD, namespace, labels: wanted });
    if (pods.length === 0) return undefined;
    const named = pods.map(({ metadata: { name, labels } }) => `${name} (${labels?.[RELEASE_LABEL] ?? ''})`);
    return `pods of a release that needs the old schema live: ${named.join(', ')}`;
  };
}

/** Clock of the database, around the statements; the last is read in their transaction, just before it commits. */
function timed(sql: string): string {
  const now = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
  return `SELECT ${now} AS began \\gset
\\echo mettle began :began
${sql}
SELECT ${now} AS ended \\gset
\\echo mettle ended :ended
`;
}

function timeIn(log: string, word: 'began' | 'ended'): EpochMs | undefined {
  const found = new RegExp(`\\bmettle ${word} (\\d{13})\\b`).exec(log)?.[1];
  return found === undefined ? undefined : Number(found);
}

interface Ended {
  readonly pod: string;
  readonly succeeded: boolean;
}

function endOf(pod: KubeObject): Ended | undefined {
  const [status] = listAt(pod, 'status', 'containerStatuses');
  const now = at(status, 'state', 'terminated');
  const before = at(status, 'lastState', 'terminated');
  const exit_code = numberAt(now ?? before, 'exitCode');
  return exit_code === undefined ? undefined : { pod: pod.metadata.name, succeeded: exit_code === 0 };
}

/** The Job's first attempt to be over: a migration that fails once is a finding, not something to try again. */
function attemptOver(namespace: string, job: string): Condition<Ended> {
  return {
    awaited: `Job/${namespace}/${job} to come to an end`,
    of: { ...POD, namespace, labels: `batch.kubernetes.io/job-name=${job}` },
    test(pods) {
      const ended = pods.flatMap((pod) => endOf(pod) ?? [])[0];
      return ended
        ? { met: true, value: ended }
        : { met: false, seen: `${pods.length} pods, none at its end` };
    },
  };
}

/** What psql said that went wrong; names of columns and constraints, never a row. */
function complaintIn(log: string): string {
  const line = log.split('\n').find((one) => /(?:ERROR|FATAL|error):/.test(one));
  return line?.replace(/^\S+ (?:psql:)?/, '').slice(0, 300) ?? 'it said nothing';
}

/**
 * Asks the gates, runs the migration, and records both.
 * @returns whether it was applied
 * @throws UnfitError when its pod's log cannot be read
 */
export async function applyMigration(
  place: MigrationPlace,
  { name, sql, gates = [] }: Migration,
): Promise<boolean> {
  const { run, ctx, namespace } = place;
  const say = (state: MigrationData['state'], note: string, when?: EpochMs): void => {
    run.timeline.record({
      ...(when === undefined ? {} : { at: when }),
      source: 'database',
      kind: 'migration',
      subject: `Migration/${namespace}/${name}`,
      data: { state, note },
    });
  };
  for (const gate of gates) {
    const objection = await gate(place);
    if (objection !== undefined) {
      run.progress(`migration ${name} is refused: ${objection}`);
      say('refused', objection);
      return false;
    }
  }
  const { manifests, job } = await shopMigration(ctx, { namespace, name, sql: timed(sql) });
  // The statements begin with the pod: from here on the database may be changed at any moment.
  say('begun', 'its Job was made');
  await ctx.kube.apply(manifests, { namespace });
  let ended: Ended;
  try {
    ended = await ctx.kube.waitFor(attemptOver(namespace, job.name), {
      deadline_s: APPLIED_S,
      progress: run.progress,
      signal: run.signal,
    });
  } catch (error) {
    if (error instanceof DeadlineError) say('failed', messageOf(error));
    throw error;
  }
  const log = await logOf(place, ended.pod);
  const began = timeIn(log, 'began');
  const over = timeIn(log, 'ended');
  if (!ended.succeeded) {
    say('failed', complaintIn(log));
    // It would be tried again, and what stays of it would stand in the way of the next.
    await ctx.kube.beginRemoval(job);
    await ctx.kube.beginRemoval({ ...POD, namespace, name: ended.pod });
    return false;
  }
  const took = began !== undefined && over !== undefined ? ` in ${over - began} ms` : '';
  say('applied', `its statements were carried out${took}`);
  return true;
}

async function logOf({ ctx, namespace }: MigrationPlace, pod: string): Promise<string> {
  try {
    return await ctx.kube.logs(namespace, pod);
  } catch (error) {
    throw new UnfitError(`the log of the migration's pod ${pod} cannot be read`, { cause: error });
  }
}
