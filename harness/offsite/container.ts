import type * as Testcontainers from 'testcontainers';
import { messageOf, UnfitError } from '#harness/core/errors.ts';
import { OFFSITE_LABEL } from './places.ts';

const LOOPBACK = '127.0.0.1';
const START_MS = 30_000;
/** Between two looks whether it answers. */
const LOOK_MS = 200;

/** A program that runs beside every cluster, in a container of its own. */
export interface OffsiteContainer {
  /** What it is, as errors name it: `the Git server`. */
  readonly what: string;
  readonly image: string;
  readonly name: string;
  /** The id of what is off-site. */
  readonly id: string;
  readonly network: string;
  /** What it listens on, in its container. */
  readonly port: number;
  readonly command?: readonly string[];
  /** Files by their paths in the container. Its user reads them, and nobody else is in there. */
  readonly files: Readonly<Record<string, string>>;
  /** Folders of this machine by their paths in the container; it writes to them. */
  readonly folders?: Readonly<Record<string, string>>;
  /** Folders in memory, by path: largest size in MB. */
  readonly scratch?: Readonly<Record<string, number>>;
  /** What it answers when it is ready. */
  readonly ready: { readonly path: string; readonly status: number };
}

/** A container that runs, and where this machine finds it. */
export interface StartedContainer {
  readonly name: string;
  /** Published on the loopback address. */
  readonly port: number;
  /** Its address for this machine. */
  readonly outside: string;
  /** Puts files in place of those that it has. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
}

/** Loaded only when it is used: it takes longer to read than most commands to run. */
async function loadTestcontainers(): Promise<typeof Testcontainers> {
  // The warden removes what a dead run leaves, by its receipt; testcontainers' own reaper is an image of somebody else's.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  // The network publishes on loopback, while testcontainers would ask at the bridge when it is in a container itself.
  process.env['TESTCONTAINERS_HOST_OVERRIDE'] = LOOPBACK;
  return await import('testcontainers');
}

function contents(
  files: Readonly<Record<string, string>>,
): { content: string; target: string; mode: number }[] {
  return Object.entries(files).map(([target, content]) => ({ content, target, mode: 0o444 }));
}

/**
 * Starts a container that goes with what is off-site: it carries the label by which that is removed.
 * @throws UnfitError when it does not start or does not answer
 */
export async function startContainer(wanted: OffsiteContainer): Promise<StartedContainer> {
  const { what, image, name, id, network, port, command, files, folders = {}, scratch = {}, ready } = wanted;
  const { GenericContainer, PullPolicy, Wait } = await loadTestcontainers();
  try {
    const container = new GenericContainer(image)
      .withPullPolicy(PullPolicy.neverPull())
      .withName(name)
      .withLabels({ [OFFSITE_LABEL]: id })
      .withNetworkMode(network)
      .withExposedPorts(port)
      .withBindMounts(
        Object.entries(folders).map(([target, source]) => ({ source, target, mode: 'rw' as const })),
      )
      .withTmpFs(
        Object.fromEntries(
          Object.entries(scratch).map(([path, size_mb]) => [path, `rw,mode=1777,size=${size_mb}m`]),
        ),
      )
      .withCopyContentToContainer(contents(files))
      .withDroppedCapabilities('ALL')
      .withSecurityOpt('no-new-privileges')
      .withWaitStrategy(Wait.forHttp(ready.path, port).forStatusCode(ready.status).withReadTimeout(LOOK_MS))
      .withStartupTimeout(START_MS);
    if (command) container.withCommand([...command]);
    const started = await container.start();
    const published = started.getMappedPort(port);
    return {
      name,
      port: published,
      outside: `http://${LOOPBACK}:${published}`,
      write: (changed) => started.copyContentToContainer(contents(changed)),
    };
  } catch (cause) {
    throw new UnfitError(`${what} off-site did not start: ${messageOf(cause)}`, {
      cause,
      next: 'mettle doctor says whether this machine is fit.',
    });
  }
}
