import { UnfitError } from '#harness/core/errors.ts';
import { tryRun } from '#harness/process/run.ts';

/** Which daemon to ask; the same as when the thing in question was made. */
export interface DockerPlace {
  readonly docker_host?: string | undefined;
}

const COMMAND_TIMEOUT_S = 60;

/** The daemon that `docker` asks now, as a receipt notes it. */
export function presentPlace(): DockerPlace {
  const docker_host = process.env['DOCKER_HOST'];
  return docker_host ? { docker_host } : {};
}

/** Runs docker in a session of its own, so that a Ctrl-C does not interrupt the cleaning up; whatever its exit code. */
export async function dockerAt(place: DockerPlace, args: readonly string[]): ReturnType<typeof tryRun> {
  return await tryRun(['docker', ...args], {
    timeout_s: COMMAND_TIMEOUT_S,
    detached: true,
    ...(place.docker_host === undefined ? {} : { env: { DOCKER_HOST: place.docker_host } }),
  });
}

/** The lines that docker answers. @throws UnfitError when it does not exit 0 */
export async function dockerLines(place: DockerPlace, args: readonly string[]): Promise<readonly string[]> {
  const { exit_code, stdout, stderr } = await dockerAt(place, args);
  if (exit_code !== 0) throw new UnfitError(`docker ${args[0]} did not answer: ${stderr.trim()}`);
  return stdout.split('\n').filter(Boolean);
}

/** The containers in a network, by their ids. @throws UnfitError when there is no such network */
export async function membersOf(network: string, place: DockerPlace): Promise<readonly string[]> {
  const format = '{{range $id, $container := .Containers}}{{$id}}\n{{end}}';
  return await dockerLines(place, ['network', 'inspect', '--format', format, network]);
}
