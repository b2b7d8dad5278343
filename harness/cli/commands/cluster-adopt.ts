import { createInterface } from 'node:readline/promises';
import { Command, Option } from '@commander-js/extra-typings';
import { EXIT, UsageError } from '#harness/core/errors.ts';
import type { CliContext } from '../context.ts';
import type { CommandEnd } from '../exit.ts';
import { collectPort } from './cluster-options.ts';

const HELP = `
Mettle acts only on clusters that it made or that a person has adopted. What you type here is what it demands of the
cluster from now on, before everything it does: the address of the API server and the UID of the namespace kube-system.
The cluster's part of the kubeconfig is copied, so that a later change of yours cannot redirect a run, and the cluster is
marked (ConfigMap mettle-system/mettle-marker). Mettle never deletes an adopted cluster; \`mettle cluster release\` takes
the marker away and forgets it.

What scenarios need of it:
  - its services reached over loopback, because load goes nowhere else: node ports 30080 (gateway), 30081 (contour),
    30085 (git), 30054 (postgres), 30090 (prometheus), 30093 (alertmanager) and 30070 (chat) published on 127.0.0.1.
    Where Docker on this machine runs the cluster they are found; else give them with --port, or they are taken to be
    the same numbers. Port-forwarding is not done for you: it would break under the load.
  - the parts that they name under Needs, installed in Mettle's namespaces, and their images on its nodes.

Examples:
  mettle cluster adopt staging --kubeconfig ./staging.yaml
  mettle cluster adopt staging --kubeconfig ./staging.yaml --api-server https://127.0.0.1:6443 \\
    --uid 2f1f7b0e-6f6b-4b0c-9d7e-0a8f4f3f6c11 --port gateway=8080`;

async function ask(question: string, flag: string): Promise<string> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError(`${flag} is missing, and there is no terminal to ask for it`, {
      next: '`mettle cluster adopt --help` says what it is for.',
    });
  }
  using terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = (await terminal.question(`${question}: `)).trim();
  if (answer !== '') return answer;
  throw new UsageError(`nothing was given for ${flag}; the cluster was left as it is`);
}

/** `mettle cluster adopt`: a cluster of somebody else's that Mettle may act on from now on. */
export function adoptCommand(context: CliContext, done: (end: CommandEnd) => void) {
  return new Command('adopt')
    .description('let Mettle act on a cluster that it did not make')
    .argument('<name>', 'what Mettle calls it, with or without `mettle-`')
    .requiredOption('--kubeconfig <file>', 'kubeconfig that leads to it')
    .option('--api-server <url>', 'address of its API server; asked for on a terminal when absent')
    .option('--uid <uid>', 'UID of its namespace kube-system; asked for on a terminal when absent')
    .addOption(
      new Option('--port <service=port>', 'port on 127.0.0.1 at which a service is reached').argParser(
        collectPort,
      ),
    )
    .addHelpText('after', HELP)
    .action(async (name, options) => {
      const api_server = options.apiServer ?? (await ask('Address of its API server', '--api-server'));
      const uid =
        options.uid ??
        (await ask(
          "UID of its namespace kube-system (kubectl get namespace kube-system -o jsonpath='{.metadata.uid}')",
          '--uid',
        ));
      const { adoptCluster } = await import('#harness/cluster/adopt.ts');
      const adopted = await context.phases.phase(`Adopt ${name}`, 'cluster-adopt', (progress) =>
        adoptCluster({
          name,
          kubeconfig: options.kubeconfig,
          api_server,
          uid,
          ports: options.port ?? {},
          progress,
        }),
      );
      for (const [service, how] of Object.entries(adopted.found)) {
        const port = Object.entries(adopted.ports).find(([one]) => one === service)?.[1];
        context.out(`${service.padEnd(14)} http://127.0.0.1:${port}  (${how})\n`);
      }
      done({
        exit_code: EXIT.pass,
        why: `adopted ${adopted.name}; run on it with: mettle run --cluster ${adopted.name}`,
      });
    });
}

const MARKER: Readonly<Record<string, string>> = {
  removed: 'its marker was removed',
  'not there': 'it carried no marker of this adoption any more',
  'not reached':
    'it could not be reached, so its marker may still be there: kubectl -n mettle-system delete configmap mettle-marker',
};

/** `mettle cluster release`: the end of an adoption. */
export function releaseCommand(context: CliContext, done: (end: CommandEnd) => void) {
  return new Command('release')
    .description('give an adopted cluster back as it is')
    .argument('<name>', 'name of the cluster; `mettle cluster list` shows them')
    .addHelpText('after', '\nExample:\n  mettle cluster release mettle-staging')
    .action(async (name) => {
      const { releaseCluster } = await import('#harness/cluster/adopt.ts');
      const marker = await context.phases.phase(`Release ${name}`, 'cluster-release', () =>
        releaseCluster(name),
      );
      done({ exit_code: EXIT.pass, why: `${name} is no longer Mettle's to act on; ${MARKER[marker]}` });
    });
}
