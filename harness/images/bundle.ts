import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import { UnfitError } from '#harness/core/errors.ts';
import { PROJECT } from './places.ts';

/** CommonJS libraries inside an ES module still call `require` for Node's own modules. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
/** The same under a name that no module has: in a chunk of several it would stand beside their own imports. */
const REQUIRE_IN_CHUNK =
  "import { createRequire as requireBeside } from 'node:module'; const require = requireBeside(import.meta.url);";

/** What only a machine with Docker uses: it is loaded when somebody asks for it, and an image has none. */
const LEFT_OUT = ['testcontainers'];

/** What esbuild is told of every application. */
const COMMON = {
  absWorkingDir: PROJECT,
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  legalComments: 'none',
  logLevel: 'silent',
} as const satisfies BuildOptions;

/** An application's modules by the name of their file: the same sources give the same texts, so they are its content. */
export type Bundle = Readonly<Record<string, string>>;

/** The module that an application begins with. */
export const ENTRY = 'main.mjs';

/**
 * Bundles an application of the project: into one ES module, or, where it has threads of its own, into as many as they share
 * with it.
 * @param main its entry, relative to the project
 * @param threads entries of its threads, relative to the project; each keeps the name of its file
 * @throws UnfitError when it does not bundle
 */
export async function bundleApp(main: string, threads: readonly string[] = []): Promise<Bundle> {
  try {
    if (threads.length === 0) {
      const { outputFiles } = await build({ ...COMMON, entryPoints: [main], banner: { js: REQUIRE } });
      return { [ENTRY]: outputFiles[0]?.text ?? '' };
    }
    const { outputFiles } = await build({
      ...COMMON,
      entryPoints: [
        { in: main, out: 'main' },
        ...threads.map((path) => ({ in: path, out: basename(path, '.ts') })),
      ],
      external: LEFT_OUT,
      // A chunk that is loaded when it is asked for keeps the names that an ES module exports, and not those of CommonJS.
      mainFields: ['module', 'main'],
      splitting: true,
      outdir: 'app',
      chunkNames: '[name]-[hash]',
      outExtension: { '.js': '.mjs' },
      // CommonJS libraries ask where they are, to find what lies beside them.
      define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
      banner: { js: REQUIRE_IN_CHUNK },
    });
    return Object.fromEntries(outputFiles.map(({ path, text }) => [basename(path), text]));
  } catch (cause) {
    throw new UnfitError(
      `${main} does not bundle: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/** The Node binary that applications run on, and its version: it comes with the project's libraries. */
export async function nodeBinary(): Promise<{ readonly path: string; readonly version: string }> {
  const name = `node-linux-${process.arch}`;
  try {
    const manifest = createRequire(join(PROJECT, 'package.json')).resolve(`${name}/package.json`);
    const parsed: unknown = JSON.parse(await readFile(manifest, 'utf8'));
    const version =
      typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'version') : undefined;
    return { path: join(dirname(manifest), 'bin/node'), version: String(version) };
  } catch (cause) {
    throw new UnfitError(`The library ${name}, which holds the Node binary for images, is not installed`, {
      cause,
      next: 'Run: npm ci',
    });
  }
}
