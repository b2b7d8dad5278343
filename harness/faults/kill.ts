/**
 * Kills a harness while it has a fault on, and measures how long it takes until nothing of the fault is left. The promise
 * is `RESIDUE_S`; the harness's warden is the one that keeps it.
 */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineError, UnfitError } from '#harness/core/errors.ts';
import { startChild } from '#harness/process/child.ts';
import { tryRun } from '#harness/process/run.ts';
import type { Fault, Trial } from './fault.ts';
import type { Stage } from './inject.ts';
import { readTraces, residue, type ResidueScope } from './residue.ts';

/** Longest time from the death of a harness until nothing of its fault is left, in seconds. */
export const RESIDUE_S = 15;

/** The moments at which a harness is killed. */
export const MOMENTS = [
  'after the receipt',
  'during injection',
  'after injection',
  'proven on',
  'during healing',
] as const;
export type Moment = (typeof MOMENTS)[number];

/** One harness that was killed. */
export interface Kill {
  readonly fault: string;
  readonly moment: Moment;
  /** The last stage that it had reached. */
  readonly stage: Stage | 'none';
  /** From its death until nothing was left, in ms; absent when something was left after all. */
  readonly clean_ms?: number;
  /** What differed when the promised time was over, else what differed last. */
  readonly left: readonly string[];
  /** Time that injecting took, where it came to its end, in ms. */
  readonly injecting_ms?: number;
}

const PROGRAM = join(import.meta.dirname, 'testing/hold-fault.ts');
const LEASE_S = 300;
/** A harness must have died by then. */
const ALIVE_S = 120;
/** How long what is left is watched beyond the promise, so that the figures say by how much it was broken. */
const WATCH_S = 90;
const PAUSE_MS = 250;
const SETTLED_S = 90;
/** Reached by an injection whose time is not known yet, in ms. */
const INJECTING_MS = 80;
const HOLD_MS = 700;
const HEALING_MS = 150;

export interface KillOptions {
  readonly fault: Fault;
  readonly moment: Moment;
  /** From 0 to 1: where in the injection or the healing it dies. */
  readonly point: number;
  /** Time that an earlier injection of this fault took, in ms. */
  readonly injecting_ms?: number | undefined;
  /** The cluster is ours alone: all of it is compared. */
  readonly whole?: boolean;
  readonly signal?: AbortSignal;
}

interface Death {
  readonly stage: Stage;
  readonly after_ms: number;
}

function deathAt({ moment, point, injecting_ms = INJECTING_MS }: KillOptions): Death {
  switch (moment) {
    case 'after the receipt':
      return { stage: 'receipt', after_ms: 0 };
    case 'during injection':
      return { stage: 'receipt', after_ms: Math.max(1, Math.round(point * injecting_ms)) };
    case 'after injection':
      return { stage: 'injected', after_ms: 0 };
    case 'proven on':
      return { stage: 'on', after_ms: Math.round(point * HOLD_MS) };
    case 'during healing':
      return { stage: 'healing', after_ms: Math.max(1, Math.round(point * HEALING_MS)) };
  }
}

/** What there is once it no longer changes. @throws DeadlineError when it goes on changing */
export async function settledTraces(trial: Trial, scope: ResidueScope): Promise<readonly string[]> {
  const deadline = performance.now() + SETTLED_S * 1000;
  let last = await readTraces(trial.ctx, scope);
  for (;;) {
    await delay(PAUSE_MS * 2);
    const now = await readTraces(trial.ctx, scope);
    const changed = residue(last, now);
    if (changed.length === 0 && !now.some((line) => line.includes('InProgress'))) return now;
    if (performance.now() > deadline) {
      throw new DeadlineError('the cluster to stand still', SETTLED_S, changed.slice(0, 5).join('; '));
    }
    last = now;
  }
}

interface Dead {
  readonly pid: number;
  readonly at: number;
  readonly stages: ReadonlyMap<Stage, number>;
}

/** Starts a harness that kills itself as told. @throws UnfitError when it ends in any other way */
async function runUntilDead(trial: Trial, options: KillOptions, given: unknown): Promise<Dead> {
  const { fault, moment } = options;
  const told = {
    cluster: trial.ctx.cluster.name,
    namespace: trial.namespace,
    fault: fault.name,
    options: given,
    lease_s: LEASE_S,
    // Healing begins by itself only where it is what is broken off.
    hold_ms: moment === 'during healing' ? HOLD_MS : LEASE_S * 1000,
    die: deathAt(options),
  };
  await using child = startChild([process.execPath, PROGRAM, JSON.stringify(told)]);
  const stages = new Map<Stage, number>();
  const complaints: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said: { stage: Stage; at: number } = JSON.parse(line);
    stages.set(said.stage, said.at);
  });
  createInterface({ input: child.stderr }).on('line', (line) => complaints.push(line));
  const late = new AbortController();
  const alive = delay(ALIVE_S * 1000, undefined, { signal: late.signal }).then(() => child.kill('SIGKILL'));
  alive.catch(() => undefined);
  const { signal } = await child.exited;
  const at = performance.now();
  late.abort();
  if (signal !== 'SIGKILL' || stages.size === 0) {
    throw new UnfitError(
      `a harness with ${fault.name} was not killed ${moment}: ${complaints.slice(-5).join('\n')}`,
    );
  }
  return { pid: child.pid, at, stages };
}

/** Rules of a fault of somebody else's that went away meanwhile, on a cluster that others use. */
const FOREIGN = /^missing: .*\bMETTLE-/;

/** Whether the warden of a dead harness still runs. */
async function wardenOf(pid: number): Promise<readonly string[]> {
  const { exit_code } = await tryRun(['pgrep', '--full', `warden-main.*"pid":${pid},`]);
  return exit_code === 0 ? [`left: the warden of ${pid}`] : [];
}

/**
 * Injects a fault by its example into a trial, kills the harness at the moment, and waits until the cluster is as it was.
 * @throws UnfitError when the fault could not be injected; DeadlineError when the cluster did not stand still before
 */
export async function killDuring(trial: Trial, options: KillOptions): Promise<Kill> {
  const { fault, moment, whole = false, signal } = options;
  const scope: ResidueScope = { namespace: trial.namespace, whole };
  const given = await fault.example(trial);
  const before = await settledTraces(trial, scope);
  const dead = await runUntilDead(trial, options, given);
  const since = (): number => performance.now() - dead.at;
  let left: readonly string[] = [];
  let promised: readonly string[] | undefined;
  let clean_ms: number | undefined;
  while (clean_ms === undefined && since() < WATCH_S * 1000) {
    signal?.throwIfAborted();
    const looked_ms = since();
    const found = [
      ...residue(before, await readTraces(trial.ctx, scope)).filter((line) => whole || !FOREIGN.test(line)),
      ...(await wardenOf(dead.pid)),
    ];
    if (found.length === 0) clean_ms = looked_ms;
    else left = found;
    if (looked_ms > RESIDUE_S * 1000) promised ??= found;
    if (found.length > 0) await delay(PAUSE_MS);
  }
  const [from, to] = [dead.stages.get('receipt'), dead.stages.get('injected')];
  return {
    fault: fault.name,
    moment,
    stage: [...dead.stages.keys()].at(-1) ?? 'none',
    left: promised ?? left,
    ...(clean_ms === undefined ? {} : { clean_ms }),
    ...(from === undefined || to === undefined ? {} : { injecting_ms: to - from }),
  };
}

/** Whether a kill kept the promise. */
export function keptPromise({ clean_ms }: Kill): boolean {
  return clean_ms !== undefined && clean_ms <= RESIDUE_S * 1000;
}
