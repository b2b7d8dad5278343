import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunningCluster } from '#harness/cluster/types.ts';
import { stateFolder } from '#harness/process/paths.ts';
import type { Component, StackContext } from '#harness/stack/component.ts';
import { dumpStack } from '#harness/stack/stack.ts';
import { collectEvidence } from './collect.ts';

const BUDGET_S = 30;
/** Folders of evidence that are kept; the oldest go first. */
const KEPT = 10;

/** What an installation that failed was made of. */
export interface FailedInstallation {
  readonly cluster: RunningCluster;
  readonly components: readonly Component[];
  readonly artifacts: StackContext['artifacts'];
  /** When it began. */
  readonly since: Date;
}

async function makeRoom(folder: string): Promise<void> {
  const names = (await readdir(folder)).sort();
  const old = names.slice(0, Math.max(0, names.length - KEPT + 1));
  await Promise.all(old.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

/**
 * Collects what a person needs after a failed installation, dumps of the components included, and returns the folder. It
 * never throws for what could not be had; see `collectEvidence`.
 */
export async function collectInstallation(failed: FailedInstallation): Promise<string> {
  const { cluster, components, artifacts, since } = failed;
  const folder = await stateFolder('evidence');
  await makeRoom(folder);
  const out_dir = join(folder, `${since.toISOString().replaceAll(':', '-')}-${cluster.name}`);
  const names = components.map(({ name }) => name);
  await collectEvidence({
    cluster,
    since,
    out_dir,
    budget_s: BUDGET_S,
    async more(kube) {
      const ctx: StackContext = { kube, artifacts, components: names, progress: () => undefined };
      const files = Object.entries(await dumpStack(ctx, components));
      return Object.fromEntries(files.map(([path, text]) => [`components/${path}`, text]));
    },
  });
  return out_dir;
}
