import { Command } from '@commander-js/extra-typings';
import { EXIT } from '#harness/core/errors.ts';
import type { CliContext } from '../context.ts';
import type { CommandEnd } from '../exit.ts';
import { jsonOption } from '../options.ts';
import { adoptCommand, releaseCommand } from './cluster-adopt.ts';
import { createCommand } from './cluster-create.ts';

const EXAMPLES = `
Examples:
  mettle cluster create --stack full --keep      a cluster with every part, to look around in
  mettle cluster create trial --stack argo       one for as long as the command runs
  mettle cluster adopt staging --kubeconfig ./staging.yaml
  mettle cluster list
  mettle cluster delete mettle-trial`;

/** `mettle cluster`: clusters for people. */
export function clusterCommand(context: CliContext, done: (end: CommandEnd) => void) {
  const cluster = new Command('cluster')
    .description('make, adopt, list and delete clusters with the stack')
    .addHelpText('after', EXAMPLES);
  cluster.addCommand(createCommand(context, done));
  cluster.addCommand(adoptCommand(context, done));
  cluster.addCommand(releaseCommand(context, done));

  cluster
    .command('list')
    .description('list the clusters that Mettle made or adopted')
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
    .description('delete a cluster that Mettle made; an adopted one is released instead')
    .argument('<name>', 'name of the cluster; `mettle cluster list` shows them')
    .addHelpText('after', '\nExample:\n  mettle cluster delete mettle-x1y2z3')
    .action(async (name) => {
      const { deleteCluster } = await import('#harness/cluster/clusters.ts');
      await context.phases.phase(`Delete ${name}`, 'cluster-delete', () => deleteCluster(name));
      done({ exit_code: EXIT.pass, why: `${name} is gone` });
    });
  return cluster;
}
