import { Command, Option } from '@commander-js/extra-typings';
import type { OwnCluster } from '#harness/cluster/create.ts';
import { clusterName } from '#harness/cluster/names.ts';
import { NODES_MAX } from '#harness/cluster/types.ts';
import type { Config } from '#harness/config/config.ts';
import { EXIT, UsageError } from '#harness/core/errors.ts';
import { accessLines } from '#harness/stack/access.ts';
import type { Component } from '#harness/stack/component.ts';
import { PROFILES, resolveComponents } from '#harness/stack/profiles.ts';
import { type CliContext, loadConfig } from '../context.ts';
import type { CommandEnd } from '../exit.ts';
import { configOption, imagesOption, installOption, registryOption, wholeNumber } from '../options.ts';
import { collectPort, collectVersion, stackNames } from './cluster-options.ts';

const HELP = `
Profiles: ${Object.keys(PROFILES).join(', ')}; a profile or components bring along what they need.
Without --keep the cluster lives for as long as this command does: Ctrl-C removes it.

Examples:
  mettle cluster create --stack full --keep
  mettle cluster create trial --stack argo,postgres
  mettle cluster create old --stack flagger --with flagger=1.43.0 --keep
  mettle cluster create --stack gitops --port gateway=8080 --keep`;

/** @throws UsageError for a version that is not in the lock, naming those that are */
async function checkVersions(versions: Readonly<Record<string, string>>): Promise<void> {
  const { lockedVersions } = await import('#harness/images/selection.ts');
  for (const [name, version] of Object.entries(versions)) {
    const locked = await lockedVersions(name);
    if (locked.includes(version)) continue;
    throw new UsageError(`${name} ${version} is not in the bill of materials`, {
      next: `Locked versions of ${name}: ${locked.join(', ')}`,
    });
  }
}

/** `mettle cluster create`: a cluster with a stack for a person. */
export function createCommand(context: CliContext, done: (end: CommandEnd) => void) {
  return new Command('create')
    .description('make a cluster with a stack and the shop on it, and say how to reach each part')
    .argument('[name]', 'its name, with or without `mettle-`; a fresh one when absent')
    .addOption(
      new Option('--stack <names>', 'profiles or components, separated by commas')
        .argParser(stackNames)
        .default(['flagger'], 'flagger'),
    )
    .addOption(
      new Option('--with <component=version>', 'another locked version of a component').argParser(
        collectVersion,
      ),
    )
    .addOption(
      new Option(
        '--port <service=port>',
        'port on 127.0.0.1 for a service; any free one when absent',
      ).argParser(collectPort),
    )
    .addOption(
      new Option(
        '--nodes <number>',
        'nodes: the control plane, and workers that take pods which tolerate mettle.dev/worker',
      )
        .argParser(wholeNumber(1, NODES_MAX))
        .default(1),
    )
    .option('--keep', 'let the cluster outlive this command')
    .option('--no-shop', 'leave the shop out')
    .addOption(installOption())
    .addOption(imagesOption())
    .addOption(registryOption())
    .addOption(configOption())
    .addHelpText('after', HELP)
    .action(async (given, options) => {
      // What is wrong with the command itself is said before anything is built or made.
      const components = resolveComponents(options.stack);
      const versions = options.with ?? {};
      await checkVersions(versions);
      const name = given === undefined ? undefined : clusterName(given);
      const { refuseRecordedName } = await import('#harness/cluster/create.ts');
      if (name !== undefined) await refuseRecordedName(name);
      const config: Config = await loadConfig(options.config);

      const { phases, signal } = context;
      const { prepareCluster, prepareImages } = await import('#harness/run/prepare.ts');
      const { canServe, DEMO_HOST, deployDemoShop } = await import('#harness/run/demo-shop.ts');
      const names = components.map((one) => one.name);
      const artifacts = await prepareImages({
        install: options.install ?? false,
        images: options.images ?? config.images ?? 'auto',
        registry: options.registry ?? config.registry,
        components: names,
        versions,
        phases,
        signal,
      });
      const shop = options.shop && canServe(names);
      await using made = await prepareCluster(artifacts, {
        phases,
        signal,
        keep: options.keep ?? false,
        components: names,
        nodes: options.nodes,
        ...(name === undefined ? {} : { name }),
        ...(options.port === undefined ? {} : { ports: options.port }),
        ...(shop
          ? {
              afterwards: (cluster) =>
                deployDemoShop(cluster, { artifacts, components: names, phases, signal }),
            }
          : {}),
      });
      tell(context, made, components, shop ? { shop: DEMO_HOST } : {});
      if (!options.keep) await untilStopped(context, made);
      done({
        exit_code: EXIT.pass,
        why: options.keep
          ? `made ${made.name}; remove it with: mettle cluster delete ${made.name}`
          : `${made.name} was given back`,
      });
    });
}

function tell(
  { out }: CliContext,
  made: OwnCluster,
  components: readonly Component[],
  hosts: Readonly<Record<string, string>>,
): void {
  out(`export KUBECONFIG=${made.kubeconfig}\n`);
  out(
    `# without kubectl: docker exec ${made.name}-control-plane kubectl --kubeconfig /etc/kubernetes/admin.conf ...\n`,
  );
  for (const line of accessLines({ components, ports: made.ports, hosts })) out(`${line}\n`);
}

/** Holds the cluster until the person ends the command. */
async function untilStopped({ signal, phases }: CliContext, { name }: OwnCluster): Promise<void> {
  phases.say(`${name} is there until you end this command (Ctrl-C); --keep would have let it stay`);
  const { promise, resolve } = Promise.withResolvers<void>();
  // A promise alone does not keep the process alive.
  const hold = setInterval(() => undefined, 60_000);
  signal.addEventListener('abort', () => resolve(), { once: true });
  if (signal.aborted) resolve();
  await promise;
  clearInterval(hold);
}
