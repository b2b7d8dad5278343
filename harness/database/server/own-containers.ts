/** Containers and networks that belong to one run, and go with it however it ends. */
import { isIPv4 } from 'node:net';
import { fileURLToPath } from 'node:url';
import type * as Testcontainers from 'testcontainers';
import * as v from 'valibot';
import { CleanupError, UnfitError } from '#harness/core/errors.ts';
import { isAlive, parseOwner, thisProcess } from '#harness/lease/owner.ts';
import { startChild } from '#harness/process/child.ts';
import { run, tryRun } from '#harness/process/run.ts';

export const LOOPBACK = '127.0.0.1';
/** Says whose a container or network is, so that the next start removes what a killed one left. */
const OWNER_LABEL = 'mettle.guard.owner';
const GUARD = fileURLToPath(new URL('guard-container.sh', import.meta.url));

/** Loaded only when it is used: it takes longer to read than most commands to run. */
export async function loadTestcontainers(): Promise<typeof Testcontainers> {
  // What a dead run leaves is removed by its guard; testcontainers' own reaper is an image of somebody else's.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  process.env['TESTCONTAINERS_HOST_OVERRIDE'] = LOOPBACK;
  return await import('testcontainers');
}

/** What a container or network of this process is labelled with. */
export async function ownerLabels(): Promise<Readonly<Record<string, string>>> {
  return { [OWNER_LABEL]: JSON.stringify(await thisProcess()) };
}

/**
 * A process beside this one that removes the container and the network of a name as soon as this process is gone, or as they
 * are given back. To be started before either is made.
 */
export function guardContainer(name: string): AsyncDisposable {
  const guard = startChild(['/bin/sh', GUARD, name], { cwd: '/' });
  return {
    [Symbol.asyncDispose]: async () => {
      guard.stdin.end();
      const { exit_code } = await guard.exited;
      if (exit_code === 0) return;
      throw new CleanupError(`the container ${name} could not be removed`, {
        next: `docker rm --force ${name}; docker network rm ${name}`,
      });
    },
  };
}

/** Removes what belongs to processes that are gone. @throws UnfitError when Docker does not answer */
export async function sweepContainers(): Promise<void> {
  const label = `{{.Label "${OWNER_LABEL}"}}`;
  const filter = ['--filter', `label=${OWNER_LABEL}`];
  const containers = await orphans(['docker', 'ps', '--all', ...filter, '--format', `{{.Names}} ${label}`]);
  for (const name of containers) await run(['docker', 'rm', '--force', '--volumes', name]);
  const networks = await orphans(['docker', 'network', 'ls', ...filter, '--format', `{{.Name}} ${label}`]);
  for (const name of networks) await run(['docker', 'network', 'rm', name]);
}

/** Names in a list of names and owners whose owners are gone. */
async function orphans(command: readonly string[]): Promise<readonly string[]> {
  const listed = await tryRun(command);
  if (listed.exit_code !== 0) {
    throw new UnfitError('Docker does not answer, so nothing can be started in a container', {
      next: 'Start Docker; mettle doctor says more.',
    });
  }
  const found: string[] = [];
  for (const line of listed.stdout.split('\n').filter(Boolean)) {
    const space = line.indexOf(' ');
    if (!(await isAlive(parseOwner(line.slice(space + 1))))) found.push(line.slice(0, space));
  }
  return found;
}

/** A network without a way out: those in it reach each other and this machine, as which they know the gateway. */
export interface OwnNetwork {
  /** Address of this machine in it. */
  readonly gateway: string;
  /** `172.20.0.0/16`. */
  readonly subnet: string;
}

const Ranges = v.array(v.looseObject({ Subnet: v.string(), Gateway: v.optional(v.string()) }));

/**
 * Makes a network of the run's own; whoever guards its name removes it.
 * @throws UnfitError when Docker refuses, or this machine has no address in it
 */
export async function makeNetwork(name: string): Promise<OwnNetwork> {
  const labels = Object.entries(await ownerLabels()).map(([key, value]) => `--label=${key}=${value}`);
  const made = await tryRun(['docker', 'network', 'create', '--internal', ...labels, name]);
  if (made.exit_code !== 0) {
    throw new UnfitError(`Docker makes no network for the release: ${made.stderr.trim()}`, {
      next: 'Is Docker up? `docker network prune` removes networks that nobody uses.',
    });
  }
  const { stdout } = await run(['docker', 'network', 'inspect', '--format', '{{json .IPAM.Config}}', name]);
  const range = v.parse(Ranges, JSON.parse(stdout)).find(({ Gateway = '' }) => isIPv4(Gateway));
  if (range?.Gateway !== undefined) return { gateway: range.Gateway, subnet: range.Subnet };
  throw new UnfitError('this machine has no address in the network that Docker made for the release', {
    next: 'Give the release as a command (--old-command, --new-command) instead.',
  });
}
