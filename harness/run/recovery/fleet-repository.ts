import { UnfitError, UsageError } from '#harness/core/errors.ts';
import type { PlannedComponent, RebuildPlan } from '#harness/core/rebuild-plan.ts';
import { tryRun } from '#harness/process/run.ts';
import { FLEET_PATH } from '#harness/stack/fleet.ts';

/** Name of the repository that says what the cluster is. */
export const REPOSITORY = 'fleet';

/** What a repository says at one commit. */
export interface FleetAtRevision {
  readonly repository: RebuildPlan['repository'];
  readonly components: readonly PlannedComponent[];
  /** Names of the steps that bring each part back: `definitions/traefik`, `component/traefik`. */
  readonly steps: readonly string[];
}

/** Folders whose subfolders are parts of the cluster. */
const FOLDERS = ['definitions', 'components', 'apps'];
const TIMEOUT_S = 30;

/** Reads a bare repository on this machine, which another user's process may have made. */
async function git(repository: string, args: readonly string[]): Promise<string | undefined> {
  const { stdout, exit_code } = await tryRun(['git', `--git-dir=${repository}`, ...args], {
    timeout_s: TIMEOUT_S,
    env: {
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
    },
  });
  return exit_code === 0 ? stdout : undefined;
}

/**
 * What would be made from a repository.
 * @param repository folder of the bare repository
 * @param wanted a commit or a branch; the newest commit of the delivered branch when absent
 * @throws UnfitError when the repository is missing or empty, or says nothing of a cluster
 * @throws UsageError when there is no such revision
 */
export async function readFleet(
  repository: string,
  { name, wanted }: { readonly name: string; readonly wanted?: string | undefined },
): Promise<FleetAtRevision> {
  const newest = await git(repository, ['rev-list', '--all', '--max-count=1']);
  if (newest === undefined)
    throw new UnfitError(`the repository ${name} cannot be read`, { next: GIVE_BACK });
  if (newest.trim() === '')
    throw new UnfitError(`the repository ${name} is empty: no cluster can be made from it`, {
      next: GIVE_BACK,
    });
  const at = wanted ?? 'main';
  const said = await git(repository, ['log', '-1', '--format=%H%n%ct%n%s', `${at}^{commit}`, '--']);
  const [revision, seconds, message] = said?.split('\n') ?? [];
  if (!revision || message === undefined) {
    throw new UsageError(`the repository ${name} has no revision ${at}`, {
      next: `Its newest commit is ${newest.trim()}.`,
    });
  }
  const root = await git(repository, ['ls-tree', '--name-only', revision, '--', `${FLEET_PATH}/`]);
  if (!root?.trim()) {
    throw new UnfitError(`the repository ${name} has no folder ${FLEET_PATH} at ${revision.slice(0, 12)}`, {
      next: 'Name a revision that describes a cluster: --revision.',
    });
  }
  const parts = await partsAt(repository, revision);
  const images = await imagesAt(repository, revision);
  return {
    repository: { name, revision, message, committed_at: Number(seconds) * 1000 },
    components: parts
      .filter(({ folder }) => folder !== 'definitions')
      .map((part) => ({ name: part.name, path: part.path, images: imagesOf(part, images) })),
    steps: parts.map((part) => stepOf(part)),
  };
}

const GIVE_BACK = 'Push the description of the cluster again; nothing was destroyed.';

/** Every part, in the order of the folders. */
async function partsAt(repository: string, revision: string): Promise<readonly Part[]> {
  const listed = await git(repository, [
    'ls-tree',
    '-d',
    '--name-only',
    revision,
    '--',
    ...FOLDERS.map((folder) => `${folder}/`),
  ]);
  const parts = (listed ?? '').split('\n').flatMap((path): Part[] => {
    const [folder = '', name = ''] = path.split('/');
    return name === '' ? [] : [{ folder, name, path }];
  });
  return parts.toSorted((left, right) => FOLDERS.indexOf(left.folder) - FOLDERS.indexOf(right.folder));
}

interface Part {
  readonly folder: string;
  readonly name: string;
  readonly path: string;
}

function stepOf({ folder, name }: Part): string {
  return `${folder === 'definitions' ? folder : 'component'}/${name}`;
}

function imagesOf({ path }: Part, images: readonly NamedImage[]): readonly string[] {
  const own = images.filter(({ file }) => file.startsWith(`${path}/`)).map(({ image }) => image);
  return [...new Set(own)].toSorted();
}

interface NamedImage {
  readonly file: string;
  readonly image: string;
}

/** Every image that a file names: `<revision>:<file>:image: <image>`. */
async function imagesAt(repository: string, revision: string): Promise<readonly NamedImage[]> {
  const found = await git(repository, [
    'grep',
    '-o',
    '-I',
    '-E',
    'image: *[^ ]+',
    revision,
    '--',
    ...FOLDERS,
  ]);
  return (found ?? '').split('\n').flatMap((line) => {
    const parts = /^[0-9a-f]+:(?<file>.+?):image: *["']?(?<image>[^"']+)["']?$/.exec(line)?.groups;
    const { file, image } = parts ?? {};
    return file === undefined || image === undefined
      ? []
      : [{ file, image: image.split('/').at(-1) ?? image }];
  });
}
