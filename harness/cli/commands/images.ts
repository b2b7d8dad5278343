import { Command } from '@commander-js/extra-typings';
import type { Config } from '#harness/config/config.ts';
import { EXIT, UsageError } from '#harness/core/errors.ts';
import { type CliContext, loadConfig } from '../context.ts';
import type { CommandEnd } from '../exit.ts';
import { configOption, imagesOption, installOption, jsonOption, registryOption } from '../options.ts';

const EXAMPLES = `
Examples:
  mettle images build --install
  mettle images build --for flagger,postgres
  mettle images list
  mettle images push --registry mirror.example:5000
  mettle images prune`;

/** `a, b` -> a and b. @throws UsageError when it names nothing */
function namesIn(list: string | undefined): readonly string[] {
  if (list === undefined) return [];
  const names = list.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw new UsageError(`--for ${JSON.stringify(list)} names no image between two commas`, {
    next: 'name images as `mettle images list` does, for example --for flagger,postgres',
  });
}

/** `mettle images`: what runs are made of. */
export function imagesCommand(context: CliContext, done: (end: CommandEnd) => void) {
  const images = new Command('images')
    .description('build, list, publish and prune the images and programs that runs are made of')
    .addHelpText('after', EXAMPLES);

  images
    .command('build')
    .description('make everything present, or what the named images need; or build the named parts alone')
    .argument('[component...]', 'parts of the bill of materials; `mettle images list` names them')
    .option('--for <images>', 'only what these images need on a node, comma separated')
    .option('--first-versions', 'leave out versions that a run takes only where it names them')
    .addOption(installOption())
    .addOption(imagesOption())
    .addOption(registryOption())
    .addOption(configOption())
    .addHelpText('after', '\nExample:\n  mettle images build --images pull --registry mirror.example:5000')
    .action(async (components, options) => {
      const ways = [components.length > 0, options.for !== undefined, options.firstVersions === true];
      if (ways.filter(Boolean).length > 1) {
        throw new UsageError('parts, --for and --first-versions exclude each other', {
          next: 'name the parts to build alone, or the images to make a node image for',
        });
      }
      if (components.length > 0) {
        const { buildComponents } = await import('#harness/images/inventory.ts');
        const built = await context.phases.phase('Build', `build ${components.join(' ')}`, (progress) =>
          buildComponents(components, { progress, signal: context.signal }),
        );
        for (const [name, place] of Object.entries(built)) context.out(`${name.padEnd(24)} ${place}\n`);
        done({ exit_code: EXIT.pass, why: `${components.length} built` });
        return;
      }
      const config: Config = await loadConfig(options.config);
      const { wantedFor } = await import('#harness/images/inventory.ts');
      const wanted = await wantedFor(namesIn(options.for), {
        firstVersions: options.firstVersions ?? false,
      });
      const { preparePresent } = await import('#harness/run/prepare.ts');
      const artifacts = await preparePresent({
        wanted,
        install: options.install ?? false,
        images: options.images ?? config.images ?? 'auto',
        registry: options.registry ?? config.registry,
        phases: context.phases,
        signal: context.signal,
      });
      context.out(`${artifacts.node_image}\n`);
      done({ exit_code: EXIT.pass, why: `${Object.keys(artifacts.images).length} images are present` });
    });

  images
    .command('list')
    .description('list the bill of materials and what of it is present')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  mettle images list --json')
    .action(async ({ json }) => {
      const { listArtifacts } = await import('#harness/images/inventory.ts');
      const items = await listArtifacts();
      if (json) context.out(`${JSON.stringify(items, null, 2)}\n`);
      else
        for (const item of items)
          context.out(`${item.present ? '✔' : '·'} ${item.name.padEnd(28)} ${item.version}\n`);
      const present = items.filter((item) => item.present).length;
      done({ exit_code: EXIT.pass, why: `${present} of ${items.length} present` });
    });

  images
    .command('push')
    .description('publish what is present to a registry, for `--images pull`')
    .addOption(registryOption())
    .addOption(configOption())
    .addHelpText('after', '\nExample:\n  mettle images push --registry mirror.example:5000')
    .action(async (options) => {
      const config: Config = await loadConfig(options.config);
      const registry = options.registry ?? config.registry;
      if (registry === undefined) {
        throw new UsageError('there is no registry to push to', {
          next: 'name it with --registry, for example mirror.example:5000',
        });
      }
      const { pushArtifacts } = await import('#harness/images/registry.ts');
      const pushed = await context.phases.phase('Push', 'push', (progress) =>
        pushArtifacts(registry, { progress, signal: context.signal }),
      );
      for (const ref of pushed) context.out(`${ref}\n`);
      done({ exit_code: EXIT.pass, why: `${pushed.length} images pushed` });
    });

  images
    .command('prune')
    .description('remove from the cache what the present bill of materials does not name')
    .option('--dry-run', 'only say what would be removed')
    .addHelpText('after', '\nExample:\n  mettle images prune --dry-run')
    .action(async (options) => {
      const dry_run = options.dryRun ?? false;
      const { pruneArtifacts } = await import('#harness/images/inventory.ts');
      const removed = await context.phases.phase('Prune', 'prune', () => pruneArtifacts({ dry_run }));
      for (const one of removed) context.out(`${one}\n`);
      done({ exit_code: EXIT.pass, why: `${removed.length} ${dry_run ? 'would be removed' : 'removed'}` });
    });
  return images;
}
