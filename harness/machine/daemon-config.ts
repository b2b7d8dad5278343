import { UnfitError } from '#harness/core/errors.ts';

/** Name under which the wrapper around runc is registered. */
export const RUNTIME_NAME = 'mettle-runc-fit';

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Adds the runtime to a `daemon.json` and makes it the default; everything else stays as it is.
 * Source: `dockerd` reference, "Daemon configuration file", keys `runtimes` and `default-runtime`.
 * @param current text of the file; empty when there is none
 * @param path of the runtime's program
 * @returns the new text, or `undefined` when nothing has to change
 * @throws UnfitError when the file is no JSON object, or names another default runtime, which is not ours to replace
 */
export function withRuntime(current: string, path: string): string | undefined {
  let config: unknown;
  try {
    config = current.trim() === '' ? {} : JSON.parse(current);
  } catch (cause) {
    throw new UnfitError('/etc/docker/daemon.json is not valid JSON, so nothing can be added to it', {
      cause,
      next: 'Correct the file, then run this again.',
    });
  }
  if (!isRecord(config)) {
    throw new UnfitError('/etc/docker/daemon.json does not hold a JSON object', {
      next: 'Correct the file, then run this again.',
    });
  }
  const runtimes = isRecord(config['runtimes']) ? config['runtimes'] : {};
  const other = config['default-runtime'];
  if (other !== undefined && other !== RUNTIME_NAME && other !== 'runc') {
    throw new UnfitError(
      `/etc/docker/daemon.json has the default runtime ${JSON.stringify(other)}; Mettle needs ${RUNTIME_NAME} there, ` +
        'because privileged containers cannot start on this machine without it',
      { next: `Set "default-runtime" to "${RUNTIME_NAME}" by hand, or remove it and run this again.` },
    );
  }
  const present = runtimes[RUNTIME_NAME];
  if (other === RUNTIME_NAME && isRecord(present) && present['path'] === path) return undefined;
  const merged = {
    ...config,
    runtimes: { ...runtimes, [RUNTIME_NAME]: { path } },
    'default-runtime': RUNTIME_NAME,
  };
  return `${JSON.stringify(merged, undefined, 2)}\n`;
}

/**
 * Folder in which a local daemon keeps images, containers and networks.
 * Source: `dockerd` reference, key `data-root`.
 * @param config text of its `daemon.json`; empty when there is none
 */
export function dataRoot(config: string): string {
  const fallback = '/var/lib/docker';
  try {
    const parsed: unknown = JSON.parse(config);
    const root = isRecord(parsed) ? parsed['data-root'] : undefined;
    return typeof root === 'string' && root !== '' ? root : fallback;
  } catch {
    return fallback;
  }
}
