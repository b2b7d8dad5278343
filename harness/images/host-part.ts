import { access, cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UnfitError } from '#harness/core/errors.ts';
import { tryRun } from '#harness/process/run.ts';
import { packLayer, writeArchive } from './archive.ts';
import { listed } from './bom.ts';
import { present } from './cache.ts';
import { CONTENT_LABEL } from './component-image.ts';
import { docker } from './docker.ts';
import { shelf } from './places.ts';
import { IMAGE_PREFIX, TOOLS } from './plan.ts';
import type { Plan } from './plan.ts';

/** The image that carries what the host takes from a Go folder: a program, or a component's definitions. */
export function hostPartRef(plan: Plan, folder: string): string {
  const entry = listed(plan.folders, folder, 'Go folder');
  const { version } = listed(plan.bom.folders, folder, 'Go folder');
  return `${IMAGE_PREFIX}/host-${folder}:${version}-${entry.slice(folder.length + 1)}`;
}

/** Where an image of a host part keeps it, and where the cache does: the program in `bin`, definitions in `files`. */
const INSIDE = 'part';

function isTool(folder: string): boolean {
  return TOOLS.some((tool) => tool === folder);
}

/** The folder of a host part that is ready here, built or pulled. */
export async function presentPart(plan: Plan, folder: string): Promise<string | undefined> {
  const entry = listed(plan.folders, folder, 'Go folder');
  return (await present('bin', entry)) ?? (await present('tools', entry));
}

/**
 * Copies a host part out of its image.
 * @throws when the image does not hold it
 */
export async function unpackPart(
  ref: string,
  folder: string,
  to: string,
  signal?: AbortSignal,
): Promise<void> {
  const container = await docker(['create', '--network=none', ref, `/${INSIDE}`], signal);
  try {
    await mkdir(to, { recursive: true });
    await docker(['cp', `${container}:/${INSIDE}/.`, to], signal);
  } finally {
    await tryRun(['docker', 'rm', '--force', container], { timeout_s: 60 });
  }
  if (isTool(folder)) await access(join(to, 'bin', folder));
  else if ((await readdir(join(to, 'files'))).length === 0)
    throw new UnfitError(`${ref} holds no definitions`);
}

/** Packs what the host takes from a built Go folder as an image that Docker holds, and returns its reference. */
export async function loadPart(
  plan: Plan,
  folder: string,
  built: string,
  signal?: AbortSignal,
): Promise<string> {
  const ref = hostPartRef(plan, folder);
  await mkdir(shelf('images'), { recursive: true });
  const work = await mkdtemp(join(shelf('images'), '.unfinished-host-'));
  try {
    const stage = join(work, 'stage');
    const [what, to] = isTool(folder) ? [`bin/${folder}`, 'bin'] : ['files', ''];
    await mkdir(join(stage, INSIDE, to), { recursive: true });
    await cp(join(built, what), join(stage, INSIDE, what), { recursive: true });
    const [layer, archive] = [join(work, 'part.layer'), join(work, 'part.tar')];
    await packLayer(stage, layer, signal);
    const config = { entrypoint: [`/${INSIDE}`], labels: { [CONTENT_LABEL]: ref } };
    await writeArchive(archive, ref, [layer], config, signal);
    await docker(['load', '--quiet', '--input', archive], signal);
    return ref;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
