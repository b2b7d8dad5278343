import type { StartInCluster } from '#harness/database/server/types.ts';
import type { CliContext } from '../context.ts';
import type { CommandEnd } from '../exit.ts';
import { guardFlags } from './guard-flags.ts';

const EXAMPLES = `
It runs the migration on copies of the rows, on a PostgreSQL server of its own, with the old and the new release at work, and
says what it does to readers, writers, rows and both releases. The database that rows are copied from is only read.

Examples:
  mettle guard up.sql --down down.sql --data dump.sql
  mettle guard up.sql --data dump.sql --old old.sql --new new.sql --rate 300
  mettle guard up.sql --data dump.sql --old old.http --old-image registry.example/shop:41 --old-port 3000
  mettle guard up.sql --schema schema.sql --rows 1M --format markdown --output comment.md
  mettle guard migrations/ --rows 10k --from 0042 --fast
  mettle guard migrations/0042.up.sql --copy-from postgres://reader@db.example/shop --allow lock-queue='pods are drained'
  mettle guard up.sql --data dump.sql --engine cluster --cluster play
  mettle guard --judge reports/out/guard/2026-11-21T10-00-00Z --format html --output guard.html
  mettle guard --list
  mettle guard --explain values-kept

A release is a file of SQL statements with their rates, one statement each; or a command or an image that serves HTTP, with a
file of requests: see the README.
Exit codes: 0 pass, 1 fail, 2 inconclusive (evidence is missing), 3 not fit, 64 usage, 130 interrupted.`;

/**
 * `mettle guard`: judges migrations on copies of real rows, before they reach production.
 * @param startInCluster absent in a program that has no clusters
 */
export function guardCommand(
  context: CliContext,
  done: (end: CommandEnd) => void,
  startInCluster?: StartInCluster,
) {
  return guardFlags()
    .addHelpText('after', EXAMPLES)
    .action(async (path, flags) => {
      const { guard } = await import('./guard-run.ts');
      done(await guard(path, flags, context, startInCluster));
    });
}
