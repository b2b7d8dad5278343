import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { UnfitError } from '#harness/core/errors.ts';
import { PROJECT } from './places.ts';

/** CommonJS libraries inside an ES module still call `require` for Node's own modules. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/**
 * Bundles an application of the project into one ES module.
 * @param main its entry, relative to the project
 * @returns the module's text; the same sources give the same text, so it serves as the application's content
 * @throws UnfitError when it does not bundle
 */
export async function bundleApp(main: string): Promise<string> {
  try {
    const result = await build({
      absWorkingDir: PROJECT,
      entryPoints: [main],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node24',
      banner: { js: REQUIRE },
      legalComments: 'none',
      logLevel: 'silent',
    });
    return result.outputFiles[0]?.text ?? '';
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
