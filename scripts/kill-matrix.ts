/**
 * The kill matrix: every fault of the catalogue at every moment, the harness killed, the time until nothing is left. Each
 * kill is appended to a file of figures in Mettle's state folder, so that several runs add up.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { median } from 'simple-statistics';
import * as v from 'valibot';
import type { RunningCluster } from '#harness/cluster/types.ts';
import { messageOf, UsageError } from '#harness/core/errors.ts';
import { nearest } from '#harness/core/nearest.ts';
import { FAULTS } from '#harness/faults/catalogue.ts';
import type { Fault, Trial } from '#harness/faults/fault.ts';
import { type Kill, killDuring, keptPromise, type Moment, MOMENTS, RESIDUE_S } from '#harness/faults/kill.ts';
import { nodesOf } from '#harness/faults/node.ts';
import { deployTrial } from '#harness/faults/trial.ts';
import { freshId } from '#harness/lease/receipt.ts';
import { kubeClient } from '#harness/kube/client.ts';
import { stateFolder } from '#harness/process/paths.ts';
import { openExisting } from '#harness/run/existing.ts';
import type { Phases } from '#harness/run/phases.ts';
import { prepareCluster, prepareImages } from '#harness/run/prepare.ts';
import type { StackContext } from '#harness/stack/component.ts';
import { PROFILES } from '#harness/stack/profiles.ts';
import { removeShop } from '#harness/stack/shop.ts';

/** Longest time until a namespace with a shop is gone, in seconds. */
const REMOVAL_S = 180;

const Figure = v.object({
  at: v.string(),
  run: v.string(),
  fault: v.string(),
  moment: v.picklist(MOMENTS),
  stage: v.string(),
  clean_ms: v.optional(v.number()),
  left: v.array(v.string()),
  /** Processes that wanted to run, on average over the last minute: a starved machine explains a late healing. */
  load: v.optional(v.number()),
  /** Why there was no kill to measure; such a figure counts as a failure. */
  error: v.optional(v.string()),
});

export type Figure = v.InferOutput<typeof Figure>;

export interface KillMatrixOptions {
  readonly kills: number;
  /** Names of faults; all of the catalogue when none is named. */
  readonly faults: readonly string[];
  /** An existing cluster; one is made when absent. */
  readonly cluster: string | undefined;
  /** The named cluster is ours alone: faults of shared parts as well, and all of it is compared. */
  readonly alone: boolean;
  readonly phases: Phases;
  readonly signal: AbortSignal;
}

/** The figures of one fault. */
export interface KillRow {
  readonly fault: string;
  readonly kills: number;
  readonly median_s: number | undefined;
  readonly max_s: number | undefined;
  readonly failures: number;
}

async function figuresFile(): Promise<string> {
  return join(await stateFolder('evidence'), 'kill-matrix.jsonl');
}

/** All figures of all runs on this machine. */
export async function readFigures(): Promise<readonly Figure[]> {
  const text = await readFile(await figuresFile(), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => v.parse(Figure, JSON.parse(line)));
}

function rowOf(fault: string, figures: readonly Figure[]): KillRow {
  const times = figures.flatMap(({ clean_ms }) => (clean_ms === undefined ? [] : [clean_ms / 1000]));
  const failed = figures.filter(
    ({ clean_ms, error }) => error !== undefined || clean_ms === undefined || clean_ms > RESIDUE_S * 1000,
  );
  return {
    fault,
    kills: figures.length,
    median_s: times.length > 0 ? median(times) : undefined,
    max_s: times.length > 0 ? Math.max(...times) : undefined,
    failures: failed.length,
  };
}

/** Sums figures up: a row for each fault, and one for all. */
export function sumUp(figures: readonly Figure[]): readonly KillRow[] {
  const names = [...new Set(figures.map(({ fault }) => fault))].sort();
  return [
    ...names.map((name) =>
      rowOf(
        name,
        figures.filter(({ fault }) => fault === name),
      ),
    ),
    rowOf('all', figures),
  ];
}

function seconds(value: number | undefined): string {
  return value === undefined ? '-' : value.toFixed(1);
}

/** The rows as a table in Markdown. */
export function renderKills(rows: readonly KillRow[]): string {
  const lines = rows.map(
    ({ fault, kills, median_s, max_s, failures }) =>
      `| ${fault} | ${kills} | ${seconds(median_s)} | ${seconds(max_s)} | ${failures} |`,
  );
  return [
    `| fault | kills | median s | max s | not clean after ${RESIDUE_S} s |`,
    '| --- | --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

function chosen(names: readonly string[]): readonly Fault[] {
  if (names.length === 0) return FAULTS;
  return names.map((name) => {
    const fault = FAULTS.find((one) => one.name === name);
    if (fault !== undefined) return fault;
    const near = nearest(
      name,
      FAULTS.map((one) => one.name),
    );
    throw new UsageError(`there is no fault ${JSON.stringify(name)}`, {
      next: near.length > 0 ? `Did you mean ${near.join(' or ')}?` : '`mettle fault list` shows them.',
    });
  });
}

/** Why a fault cannot be tried out on this cluster; undefined when it can. */
function unfit(
  fault: Fault,
  { components }: StackContext,
  nodes: number,
  alone: boolean,
): string | undefined {
  const { trial_needs, radius } = fault;
  const missing = (trial_needs.components ?? []).filter((name) => !components.includes(name));
  if (missing.length > 0) return `needs ${missing.join(', ')}`;
  if ((trial_needs.nodes ?? 1) > nodes) return `needs ${trial_needs.nodes} nodes`;
  if (radius.reach === 'shared' && !alone)
    return 'breaks parts that others use (--alone says that nobody does)';
  return undefined;
}

interface Place {
  readonly cluster: RunningCluster;
  readonly stack: StackContext;
  readonly alone: boolean;
}

/** Kills the harness so often; each fault and moment in turn, so that a run that is cut short has met all alike. */
async function killAll(place: Place, options: KillMatrixOptions): Promise<readonly Figure[]> {
  const { cluster, stack, alone } = place;
  const { phases, signal, kills } = options;
  const nodes = (await nodesOf({ cluster })).length;
  const faults = chosen(options.faults).filter((fault) => {
    const why = unfit(fault, stack, nodes, alone);
    if (why !== undefined) phases.say(`${fault.name} is left out: ${why}`);
    return why === undefined;
  });
  if (faults.length === 0) throw new UsageError('no fault is left to try out');
  const run = freshId();
  const file = await figuresFile();
  const figures: Figure[] = [];
  const injecting = new Map<string, number>();
  const ctx = { kube: stack.kube, cluster, progress: () => undefined };
  let trial = await openTrial(ctx, stack);
  try {
    for (let index = 0; index < kills; index += 1) {
      signal.throwIfAborted();
      const fault = faults[index % faults.length];
      const moment = momentOf(index, faults.length);
      if (fault === undefined) break;
      const load = loadavg()[0] ?? 0;
      const figure = { at: new Date().toISOString(), run, fault: fault.name, moment, load };
      try {
        const kill = await killDuring(trial, {
          fault,
          moment,
          point: Math.random(),
          injecting_ms: injecting.get(fault.name),
          whole: alone,
          signal,
        });
        if (kill.injecting_ms !== undefined) injecting.set(fault.name, kill.injecting_ms);
        figures.push({ ...figure, ...withoutTiming(kill) });
        phases.say(lineOf(index, kills, kill));
      } catch (error) {
        signal.throwIfAborted();
        figures.push({ ...figure, stage: 'none', left: [], error: messageOf(error) });
        phases.say(`${index + 1}/${kills} ${fault.name} ${moment}: ${messageOf(error)}`);
      }
      const last = figures.at(-1);
      await appendFile(file, `${JSON.stringify(last)}\n`);
      // What one kill left must not be taken for the next one's, nor must what goes with it.
      if (last?.clean_ms === undefined) {
        await removeTrial(stack, trial);
        trial = await openTrial(ctx, stack);
      }
    }
  } finally {
    await removeShop(stack, trial.namespace);
  }
  return figures;
}

/** With five moments and a number of faults that five divides, each fault would meet one moment only. */
function momentOf(index: number, faults: number): Moment {
  const moment = MOMENTS[(Math.floor(index / faults) + (index % faults)) % MOMENTS.length];
  return moment ?? 'proven on';
}

function withoutTiming({ stage, left, clean_ms }: Kill): Pick<Figure, 'stage' | 'left' | 'clean_ms'> {
  return { stage, left: clean_ms === undefined || clean_ms > RESIDUE_S * 1000 ? [...left] : [], clean_ms };
}

function lineOf(index: number, kills: number, kill: Kill): string {
  const { fault, moment, clean_ms, left } = kill;
  const took = clean_ms === undefined ? 'NOT clean' : `clean after ${(clean_ms / 1000).toFixed(1)} s`;
  const why = keptPromise(kill) ? '' : `: ${left.slice(0, 6).join('; ')}`;
  return `${index + 1}/${kills} ${fault} ${moment}: ${took}${why}`;
}

async function removeTrial({ kube, signal }: StackContext, { namespace }: Trial): Promise<void> {
  const ref = { api_version: 'v1', kind: 'Namespace', name: namespace };
  await kube.remove(ref, { deadline_s: REMOVAL_S, ...(signal ? { signal } : {}) });
}

async function openTrial(ctx: Trial['ctx'], stack: StackContext): Promise<Trial> {
  const namespace = `trial-${freshId()}`;
  await deployTrial(stack, ctx.cluster, namespace);
  return { ctx, namespace };
}

/**
 * Runs the matrix on a cluster of its own, or on a named one.
 * @returns the figures of this run
 * @throws UsageError for a fault that does not exist; what making or opening the cluster throws
 */
export async function killMatrix(options: KillMatrixOptions): Promise<readonly Figure[]> {
  const { phases, signal, alone } = options;
  chosen(options.faults);
  if (options.cluster !== undefined) {
    const { cluster, components, artifacts } = await openExisting(options.cluster, [], { phases, signal });
    await using kube = kubeClient(cluster);
    const stack = { kube, artifacts, components, progress: () => undefined, signal };
    return await killAll({ cluster, stack, alone }, options);
  }
  const components = [...PROFILES.full];
  const artifacts = await prepareImages({
    install: false,
    images: 'auto',
    registry: undefined,
    components,
    phases,
    signal,
  });
  await using cluster = await prepareCluster(artifacts, { phases, signal, keep: false, components });
  await using kube = kubeClient(cluster);
  const stack = { kube, artifacts, components, progress: () => undefined, signal };
  return await killAll({ cluster, stack, alone: true }, options);
}
