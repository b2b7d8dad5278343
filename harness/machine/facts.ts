import { readdir, readFile, stat, statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import getPort, { portNumbers } from 'get-port';
import { messageOf } from '#harness/core/errors.ts';
import { localImages } from '#harness/images/docker.ts';
import { findGo, goSuffices } from '#harness/images/go-build.ts';
import { shelf } from '#harness/images/places.ts';
import { isAlive } from '#harness/lease/owner.ts';
import { readReceipts } from '#harness/lease/receipt.ts';
import { cacheDir, findProgram, stateDir } from '#harness/process/paths.ts';
import { tryRun } from '#harness/process/run.ts';
import { haveSysResource } from './capability.ts';
import { askDaemon, type DaemonAnswer } from './daemon.ts';
import { BUILD_PACKAGES, DOCKER_PACKAGES, missingPackages } from './packages.ts';
import { tryPrivileged } from './privileged.ts';

/** Free space of one place that Mettle fills. */
export interface DiskFact {
  readonly path: string;
  readonly purpose: string;
  readonly free_bytes: number;
}

/** What was found on this machine; nothing is judged yet. */
export interface MachineFacts {
  readonly platform: string;
  readonly node_version: string;
  /** `absent`, or the version and whether it compiles the bill of materials. */
  readonly go: { readonly version: string; readonly suffices: boolean } | 'absent';
  readonly is_root: boolean;
  readonly docker_host: string | undefined;
  readonly daemon: DaemonAnswer;
  /** `untried` where no daemon answers; `works`; or the daemon's complaint. */
  readonly privileged:
    | { readonly state: 'untried' }
    | { readonly state: 'works' }
    | { readonly state: 'fails'; readonly reason: string };
  readonly has_sys_resource: boolean;
  /** File systems that the kernel offers. */
  readonly file_systems: readonly string[];
  /** `untried` for a plain user; otherwise whether the table `nat` can be listed. */
  readonly iptables: 'works' | 'untried' | 'absent' | { readonly complaint: string };
  readonly disks: readonly DiskFact[];
  readonly memory_available_bytes: number;
  readonly cpus: number;
  readonly inotify: { readonly instances: number; readonly watches: number };
  readonly free_ports: number;
  readonly missing_programs: { readonly engine: readonly string[]; readonly build: readonly string[] };
  readonly cache: { readonly node_images: number; readonly kind: boolean; readonly k6: boolean };
  /** Subjects of receipts whose owner is gone. */
  readonly leftovers: readonly string[];
}

const PROBED_PORTS = 5;

async function numberIn(path: string): Promise<number> {
  try {
    return Number((await readFile(path, 'utf8')).trim());
  } catch {
    return 0;
  }
}

async function existingParent(path: string): Promise<string> {
  try {
    await stat(path);
    return path;
  } catch {
    return path === dirname(path) ? path : await existingParent(dirname(path));
  }
}

/** Free space for a plain user where a path lies or will lie. */
export async function diskFact(path: string, purpose: string): Promise<DiskFact> {
  const { bavail, bsize } = await statfs(await existingParent(path));
  return { path, purpose, free_bytes: bavail * bsize };
}

/** The places that Mettle fills. A daemon elsewhere keeps its folder on another machine. */
export async function diskFacts(daemon: DaemonAnswer): Promise<readonly DiskFact[]> {
  const local = !process.env['DOCKER_HOST'];
  const root = daemon.state === 'answers' ? daemon.info.root : '/var/lib/docker';
  return await Promise.all([
    diskFact(cacheDir(), 'cache'),
    diskFact(stateDir(), 'state'),
    ...(local ? [diskFact(root, 'images and containers')] : []),
  ]);
}

async function iptablesFact(is_root: boolean): Promise<MachineFacts['iptables']> {
  const program = findProgram('iptables');
  if (program === undefined) return 'absent';
  if (!is_root) return 'untried';
  const { exit_code, stderr } = await tryRun([program, '--wait', '--table', 'nat', '--list-rules'], {
    timeout_s: 20,
  });
  return exit_code === 0 ? 'works' : { complaint: stderr.trim() };
}

async function freePorts(): Promise<number> {
  const found = new Set<number>();
  try {
    while (found.size < PROBED_PORTS) {
      found.add(await getPort({ host: '127.0.0.1', port: portNumbers(20_000, 29_999), exclude: found }));
    }
  } catch {
    // None is left: what was found so far is the fact.
  }
  return found.size;
}

/** What earlier runs have left to be used again. */
export async function cacheFact(daemon: DaemonAnswer): Promise<MachineFacts['cache']> {
  const entries = await readdir(shelf('bin')).catch(() => []);
  return {
    node_images: daemon.state === 'answers' ? (await localImages('localhost/mettle/node')).length : 0,
    kind: entries.some((entry) => entry.startsWith('kind-')),
    k6: entries.some((entry) => entry.startsWith('k6-')),
  };
}

async function leftovers(): Promise<readonly string[]> {
  const { receipts, unreadable } = await readReceipts();
  const dead: string[] = unreadable.map(({ path }) => `unreadable receipt ${path}`);
  for (const receipt of receipts) {
    if (!(await isAlive(receipt.owner))) dead.push(`${receipt.kind} ${receipt.subject}`);
  }
  return dead;
}

async function goFact(): Promise<MachineFacts['go']> {
  try {
    const go = await findGo();
    return go === undefined ? 'absent' : { version: go.version, suffices: goSuffices(go.version) };
  } catch (error) {
    return { version: messageOf(error), suffices: false };
  }
}

async function memoryAvailable(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  return Number(/^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
}

/** Looks at this machine. Changes nothing but for one short-lived probe container. */
export async function gatherFacts(): Promise<MachineFacts> {
  const is_root = process.getuid?.() === 0;
  const daemon = await askDaemon();
  const complaint = daemon.state === 'answers' ? await tryPrivileged() : undefined;
  const file_systems = await readFile('/proc/filesystems', 'utf8').catch(() => '');
  return {
    platform: process.platform,
    node_version: process.version,
    go: await goFact(),
    is_root,
    docker_host: process.env['DOCKER_HOST'] || undefined,
    daemon,
    privileged:
      daemon.state === 'silent'
        ? { state: 'untried' }
        : complaint === undefined
          ? { state: 'works' }
          : { state: 'fails', reason: complaint },
    has_sys_resource: await haveSysResource(),
    file_systems: file_systems.split('\n').map((line) => line.replace(/^nodev/, '').trim()),
    iptables: await iptablesFact(is_root),
    disks: await diskFacts(daemon),
    memory_available_bytes: await memoryAvailable(),
    cpus: availableParallelism(),
    inotify: {
      instances: await numberIn('/proc/sys/fs/inotify/max_user_instances'),
      watches: await numberIn('/proc/sys/fs/inotify/max_user_watches'),
    },
    free_ports: await freePorts(),
    missing_programs: {
      engine: missingPackages(DOCKER_PACKAGES).map(({ program }) => program),
      build: missingPackages(BUILD_PACKAGES).map(({ program }) => program),
    },
    cache: await cacheFact(daemon),
    leftovers: await leftovers(),
  };
}
