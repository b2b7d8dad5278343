import { Command } from '@commander-js/extra-typings';
import type { Config } from '#harness/config/config.ts';
import { EXIT } from '#harness/core/errors.ts';
import { type CliContext, loadConfig } from '../context.ts';
import type { CommandEnd } from '../exit.ts';
import { configOption, imagesOption, installOption, jsonOption, registryOption } from '../options.ts';

const EXAMPLES = `
Examples:
  mettle cluster create --install      a cluster with the stack, to look around in
  mettle cluster list
  mettle cluster delete mettle-x1y2z3`;

/** `mettle cluster`: clusters for people. */
export function clusterCommand(context: CliContext, done: (end: CommandEnd) => void) {
  const cluster = new Command('cluster')
    .description('make, list and delete clusters with the stack')
    .addHelpText('after', EXAMPLES);

  cluster
    .command('create')
    .description('make a cluster with the stack and keep it')
    .addOption(installOption())
    .addOption(imagesOption())
    .addOption(registryOption())
    .addOption(configOption())
    .addHelpText('after', '\nExample:\n  mettle cluster create')
    .action(async (options) => {
      const config: Config = await loadConfig(options.config);
      const { phases, signal } = context;
      const { prepareCluster, prepareImages } = await import('#harness/run/prepare.ts');
      const artifacts = await prepareImages({
        install: options.install ?? false,
        images: options.images ?? config.images ?? 'auto',
        registry: options.registry ?? config.registry,
        phases,
        signal,
      });
      const made = await prepareCluster(artifacts, { phases, signal, keep: true });
      context.out(`export KUBECONFIG=${made.kubeconfig}\n`);
      for (const [service, port] of Object.entries(made.ports))
        context.out(`${service.padEnd(14)} http://127.0.0.1:${port}\n`);
      done({
        exit_code: EXIT.pass,
        why: `made ${made.name}; remove it with: mettle cluster delete ${made.name}`,
      });
    });

  cluster
    .command('list')
    .description('list the clusters that Mettle made')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  mettle cluster list --json')
    .action(async ({ json }) => {
      const { listClusters } = await import('#harness/cluster/clusters.ts');
      const clusters = await listClusters();
      if (json) context.out(`${JSON.stringify(clusters, null, 2)}\n`);
      else
        for (const one of clusters)
          context.out(`${one.name.padEnd(28)} ${one.state.padEnd(8)} ${one.created_at}\n`);
      done({ exit_code: EXIT.pass, why: `${clusters.length} clusters` });
    });

  cluster
    .command('delete')
    .description('delete a cluster that Mettle made')
    .argument('<name>', 'name of the cluster; `mettle cluster list` shows them')
    .addHelpText('after', '\nExample:\n  mettle cluster delete mettle-x1y2z3')
    .action(async (name) => {
      const { deleteCluster } = await import('#harness/cluster/clusters.ts');
      await context.phases.phase(`Delete ${name}`, 'cluster-delete', () => deleteCluster(name));
      done({ exit_code: EXIT.pass, why: `${name} is gone` });
    });
  return cluster;
}
