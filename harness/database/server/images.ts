import { UnfitError } from '#harness/core/errors.ts';
import { tryRun } from '#harness/process/run.ts';

/** Images that hold PostgreSQL by their names: the official one, copies of it elsewhere, and those with extensions. */
const REPOSITORY = /(?:^|\/)(?:postgres|postgresql|postgis|pgvector|timescaledb|timescaledb-ha)$/;
const NUMBERED = /^(?:pg)?(?<version>\d+(?:\.\d+)?)(?:$|[-.])/;

/** An image on this machine. */
export interface PostgresImage {
  readonly name: string;
  /** As its tag says; undefined for a tag that is no number. */
  readonly version: string | undefined;
}

/**
 * Images of PostgreSQL that Docker has here, newest first; nothing is pulled.
 * @throws UnfitError when Docker does not answer
 */
export async function presentImages(): Promise<readonly PostgresImage[]> {
  const listed = await tryRun(['docker', 'image', 'ls', '--format', '{{.Repository}} {{.Tag}}']);
  if (listed.exit_code !== 0) {
    throw new UnfitError('Docker does not answer, so no server can be started in a container', {
      next: 'Start Docker (mettle doctor says more), or choose --engine embedded.',
    });
  }
  const images = listed.stdout.split('\n').map((line) => line.split(' '));
  return images
    .filter(([repository = '', tag = '<none>']) => REPOSITORY.test(repository) && tag !== '<none>')
    .map(([repository, tag = '']) => ({
      name: `${repository}:${tag}`,
      version: NUMBERED.exec(tag)?.groups?.['version'],
    }))
    .sort((left, right) => compareVersions(right.version, left.version));
}

/** Those without a number come last. */
function compareVersions(left: string | undefined, right: string | undefined): number {
  if (left === undefined || right === undefined)
    return Number(left !== undefined) - Number(right !== undefined);
  return left.localeCompare(right, 'en', { numeric: true });
}

/**
 * The image for a version, or the newest.
 * @throws UnfitError when there is none
 */
export function chooseImage(images: readonly PostgresImage[], version: string | undefined): string {
  const fits = (one: PostgresImage): boolean =>
    version === undefined || one.version === version || one.version?.startsWith(`${version}.`) === true;
  const found = images.find(fits) ?? images.find((one) => one.version === undefined);
  if (found !== undefined) return found.name;
  throw new UnfitError(
    `no image of PostgreSQL${version === undefined ? '' : ` ${version}`} is on this machine`,
    {
      next: `Bring one (docker pull postgres:${version ?? '18'}), or choose --engine embedded.`,
    },
  );
}
