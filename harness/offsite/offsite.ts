/**
 * Off-site: what outlives a cluster in life, and therefore lies beside it. A Git server, a store for backups, the secrets that
 * a person would keep in a vault, and a watch that notices when the cluster is gone.
 */
import { join } from 'node:path';
import { presentPlace } from '#harness/cluster/docker-place.ts';
import type { NodeMount, RunningCluster } from '#harness/cluster/types.ts';
import { InterruptedError, UnfitError, UsageError } from '#harness/core/errors.ts';
import type { GitRemote } from '#harness/git/checkout.ts';
import { thisProcess } from '#harness/lease/owner.ts';
import { freshId, removeReceipt, writeReceipt } from '#harness/lease/receipt.ts';
import { ensureWarden } from '#harness/lease/warden.ts';
import { GIT_PORT, startGitServer } from './git-server.ts';
import { hostImages, type HostImageOptions } from './host-image.ts';
import { joinCluster, makeNetwork } from './network.ts';
import { beginOutage, type Outage } from './outage.ts';
import { BACKUPS_ON_NODE, checkId, makeFolder, receiptOf, refuseTakenId } from './places.ts';
import { type OffsiteHeal, removeOffsite } from './remove.ts';
import { type SealedSecret, sealIn, unsealFrom } from './sealed.ts';
import { refuseFullDisk } from './space.ts';
import { startWatch, type Watch, watchImages } from './watch.ts';

export interface OffsiteOptions extends HostImageOptions {
  /** Part of the names of all that is made; a fresh one when absent. */
  readonly id?: string;
  /** A watch over a cluster, that notices its loss; none unless asked for. */
  readonly watch?: boolean;
}

/** What outlives the cluster. Giving it back removes it, with everything that was stored there. */
export interface Offsite extends AsyncDisposable {
  readonly id: string;
  /** Docker's name of the network that the Git server is in. */
  readonly network: string;
  /** Folder of the backups on this machine. */
  readonly backups: string;
  /** What the nodes of a cluster must have to reach the backups: an option of `createCluster`. */
  readonly mounts: readonly NodeMount[];
  /**
   * A repository for this machine; the first push makes it.
   * @throws UsageError when the server would not take the name
   */
  remote(repository: string): GitRemote;
  /**
   * Address of a repository for pods of the cluster that was connected last; the same for one that is made again in its place.
   * @throws UsageError as `remote`, and when none was connected
   */
  repositoryUrl(repository: string): string;
  /**
   * Lets the pods of a cluster reach the Git server, by way of its nodes. For a cluster that was made again it proves that they do.
   * @throws UnfitError when a node does not reach it
   */
  connect(cluster: RunningCluster): Promise<void>;
  /** Takes the Git server away for so many seconds. @throws UsageError when it is away already */
  outage(duration_s: number): Promise<Outage>;
  /** Keeps secrets, in place of those that were kept before. */
  seal(secrets: readonly SealedSecret[]): Promise<void>;
  /** Prometheus, Alertmanager and a chat beside the cluster. @throws UsageError when none was asked for */
  watch(): Watch;
  /** The secrets kept last. @throws UnfitError when there are none, or they cannot be read */
  unseal(): Promise<readonly SealedSecret[]>;
  /**
   * Proves that a database of this size can be restored here; to be asked before a cluster is destroyed.
   * @throws UnfitError naming each place that is too small
   */
  refuseFullDisk(database_bytes: number): Promise<void>;
}

/** Given back by its run; this only bounds a run that hangs for ever. */
const LEASE_S = 6 * 3600;

/** As the Git server has it. */
function repositoryPath(repository: string): string {
  if (/^[a-z0-9][a-z0-9-]*$/.test(repository)) return `/git/${repository}.git`;
  throw new UsageError(`${JSON.stringify(repository)} cannot be the name of a repository`, {
    next: 'Use lower-case letters, digits and inner hyphens.',
  });
}

/** Folders of this machine are mounted into containers, so the daemon must be here. */
function refuseRemoteDocker(): void {
  const { docker_host } = presentPlace();
  if (docker_host === undefined || docker_host.startsWith('unix://')) return;
  throw new UnfitError(
    `What is off-site is kept on the machine that Docker runs on, and DOCKER_HOST is ${docker_host}`,
    {
      next: 'Run this on that machine.',
    },
  );
}

/**
 * Makes what is to outlive the cluster. What is owed is written down, and the warden started, before anything is made.
 * @throws UnfitError when an image cannot be had, Docker is elsewhere, or something does not start
 * @throws UsageError for an id that cannot be one
 * @throws InterruptedError when the signal is aborted
 */
export async function beginOffsite(options: OffsiteOptions): Promise<Offsite> {
  const { progress, signal } = options;
  const id = checkId(options.id ?? freshId());
  refuseRemoteDocker();
  const images = await hostImages(options);
  const image = await images('git');
  const watched_by = options.watch === true ? await watchImages(images) : undefined;
  await ensureWarden();
  await refuseTakenId(id);
  const heal: OffsiteHeal = { id, image, state: 'creating', ...presentPlace() };
  const note = async (state: OffsiteHeal['state']): Promise<void> => {
    await writeReceipt({
      id: receiptOf(id),
      kind: 'offsite',
      subject: id,
      created_at: new Date().toISOString(),
      lease_s: LEASE_S,
      owner: await thisProcess(),
      heal: { ...heal, state },
    });
  };
  const outages: Outage[] = [];
  const giveBack = async (): Promise<void> => {
    // What one of them ends with is its own holder's to hear.
    await Promise.allSettled(outages.map((outage) => outage[Symbol.asyncDispose]()));
    await removeOffsite(heal);
    await removeReceipt(receiptOf(id));
  };
  try {
    await note('creating');
    const folder = await makeFolder(id);
    signal.throwIfAborted();
    progress('a Git server off-site');
    const network = await makeNetwork(id, signal);
    const server = await startGitServer(id, { image, network, repositories: join(folder, 'repositories') });
    const watch = watched_by && (await startWatch(id, { images: watched_by, network, progress, signal }));
    await note('ready');
    signal.throwIfAborted();
    progress(`the Git server off-site answers at ${server.outside}`);
    const { container, username, password, outside } = server;
    let inside: string | undefined;
    const backups = join(folder, 'backups');
    return {
      id,
      network,
      backups,
      mounts: [{ host_path: backups, node_path: BACKUPS_ON_NODE }],
      remote: (repository) => ({ url: `${outside}${repositoryPath(repository)}`, username, password }),
      repositoryUrl: (repository) => {
        if (inside === undefined) throw new UsageError('No cluster is connected with what is off-site');
        return `${inside}${repositoryPath(repository)}`;
      },
      connect: async (cluster) => {
        inside = await joinCluster(container, GIT_PORT, cluster);
      },
      outage: async (duration_s) => {
        const outage = await beginOutage(server, duration_s);
        outages.push(outage);
        return outage;
      },
      watch: () => {
        if (watch === undefined)
          throw new UsageError('Nothing watches from off-site: no watch was asked for');
        return watch;
      },
      seal: (secrets) => sealIn(folder, secrets),
      unseal: () => unsealFrom(folder),
      refuseFullDisk: (database_bytes) => refuseFullDisk(database_bytes, backups),
      [Symbol.asyncDispose]: giveBack,
    };
  } catch (error) {
    // The first error is the one to read; what cannot be removed now stays on its receipt.
    await giveBack().catch(() => undefined);
    throw signal.aborted
      ? new InterruptedError('Stopped while what is off-site was made', { cause: error })
      : error;
  }
}
