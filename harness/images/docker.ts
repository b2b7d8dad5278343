import * as v from 'valibot';
import { run, tryRun } from '#harness/process/run.ts';
import { CONTENT_LABEL } from './component-image.ts';

/** Upper bound of one Docker command, in seconds; pulls and pushes move gigabytes. */
const TIMEOUT_S = 1800;

/** Runs `docker` with these arguments and returns its standard output. */
export async function docker(args: readonly string[], signal?: AbortSignal): Promise<string> {
  const { stdout } = await run(['docker', ...args], {
    timeout_s: TIMEOUT_S,
    ...(signal ? { signal } : {}),
  });
  return stdout.trim();
}

/** A label of an image that Docker holds, empty when it has none; undefined when there is no such image. */
export async function labelOf(ref: string, label: string): Promise<string | undefined> {
  const format = `{{index .Config.Labels "${label}"}}`;
  const { exit_code, stdout } = await tryRun(['docker', 'image', 'inspect', '--format', format, ref], {
    timeout_s: 60,
  });
  return exit_code === 0 ? stdout.trim() : undefined;
}

/** Whether Docker holds this image and it is what its name says. */
export async function holds(ref: string): Promise<boolean> {
  return (await labelOf(ref, CONTENT_LABEL)) === ref;
}

const Inspected = v.array(
  v.object({
    RepoTags: v.nullish(v.array(v.string()), []),
    Config: v.object({ Labels: v.nullish(v.record(v.string(), v.string()), {}) }),
  }),
);

/** Labels of images that Docker holds, by `repository:tag`. */
export async function inspectLabels(
  refs: readonly string[],
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  if (refs.length === 0) return new Map();
  // One that was removed meanwhile gives a status other than 0, and the others are told all the same.
  const { stdout } = await tryRun(['docker', 'image', 'inspect', ...refs], { timeout_s: 60 });
  const images = v.parse(Inspected, JSON.parse(stdout || '[]'));
  const found = images.flatMap(({ RepoTags, Config }) =>
    (RepoTags ?? []).map((ref) => [ref, Config.Labels ?? {}] as const),
  );
  return new Map(found.filter(([ref]) => refs.includes(ref)));
}

/** Removes names of images; those in use or absent are left alone. */
export async function removeImages(refs: readonly string[]): Promise<void> {
  if (refs.length > 0) await tryRun(['docker', 'image', 'rm', ...refs], { timeout_s: 120 });
}

/** Local images of a repository, as `repository:tag`. */
export async function localImages(repository: string): Promise<readonly string[]> {
  const format = '{{.Repository}}:{{.Tag}}';
  const { exit_code, stdout } = await tryRun(['docker', 'image', 'ls', '--format', format, repository], {
    timeout_s: 60,
  });
  return exit_code === 0 ? stdout.split('\n').filter((line) => line !== '' && !line.endsWith(':<none>')) : [];
}
