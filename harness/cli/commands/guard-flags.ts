import { Command, Option } from '@commander-js/extra-typings';
import { wholeNumber } from '../options.ts';
import { accepted, realRows, repeated, rowCount, timeout, variable } from './guard-options.ts';

export const GUARD_FORMATS = ['text', 'html', 'json', 'sarif', 'markdown', 'junit'] as const;

/** Half a day: nothing that is worth measuring blocks for longer. */
const BUDGET_MAX_MS = 43_200_000;

const PORT_MAX = 65_535;

/** The command with its flags, and nothing that it does. */
export function guardFlags() {
  return new Command('guard')
    .description('judge a migration on a copy of real rows, with the old and the new release at work')
    .argument('[path]', 'file of SQL, or a folder of migrations (their tool is told by their names)')
    .option('--down <file>', 'way back of a single file')
    .option('--tool <tool>', 'tool that runs the migrations, where their names do not tell')
    .option('--from <name>', 'first migration to judge; earlier ones are run before')
    .option('--until <name>', 'last migration to judge')
    .option('--data <dump>', 'rows from a dump: SQL, or an archive of pg_dump')
    .option('--copy-from <url>', 'rows from a database, which is only read')
    .addOption(new Option('--copy-schema <name>', 'copy this schema alone; repeatable').argParser(repeated))
    .addOption(new Option('--rows <count>', 'rows made up for each table: 10k, 1M, 10M').argParser(rowCount))
    .option(
      '--like <url>',
      'database whose statistics say how made-up values are spread; none of its rows is read',
    )
    .option('--schema <file>', 'SQL that makes the schema first')
    .option('--old <file>', 'statements of the release that works now; or the requests that it is sent')
    .option('--new <file>', 'statements of the release that comes with it; or the requests that it is sent')
    .option('--old-command <command>', 'starts the release that works now; it serves HTTP on $PORT')
    .option('--new-command <command>', 'starts the release that comes with the migration')
    .option('--old-image <image>', 'the release that works now as an image that is on this machine')
    .option('--new-image <image>', 'the release that comes with the migration as an image')
    .addOption(
      new Option('--old-port <port>', 'that the old image serves HTTP on (default: 8080)').argParser(
        wholeNumber(1, PORT_MAX),
      ),
    )
    .addOption(
      new Option('--new-port <port>', 'that the new image serves HTTP on (default: 8080)').argParser(
        wholeNumber(1, PORT_MAX),
      ),
    )
    .addOption(
      new Option(
        '--env <name[=value]>',
        'variable of the containers of both images; without a value as it is here; repeatable',
      ).argParser(variable),
    )
    .addOption(
      new Option('--rate <per second>', 'statements of each release')
        .argParser(wholeNumber(1, 20_000))
        .default(300),
    )
    .addOption(
      new Option('--engine <engine>', 'where the server comes from')
        .choices(['embedded', 'container', 'cluster'] as const)
        .default('embedded' as const),
    )
    .option('--cluster <name>', 'cluster that Mettle made or was given, for --engine cluster')
    .option('--postgres <major>', 'version of the server (default: that of the data, else the newest)')
    .option('--time-zone <zone>', 'of its sessions (default: that of the database rows come from, else UTC)')
    .addOption(
      new Option('--seed <number>', 'for rows and values that are made up')
        .argParser(wholeNumber(0, 2 ** 31))
        .default(1),
    )
    .addOption(
      new Option('--reader <ms>', 'for how long a reader stays in the way; 0: not at all')
        .argParser(wholeNumber(0, 60_000))
        .default(800),
    )
    .addOption(
      new Option('--lock-timeout <time>', 'lock_timeout, as your tool sets it for a migration').argParser(
        timeout,
      ),
    )
    .addOption(
      new Option(
        '--real-rows <table=rows>',
        'rows of a table in production, to which growth is extrapolated; repeatable',
      ).argParser(realRows),
    )
    .addOption(
      new Option('--readers-ms <ms>', 'longest that readers may be blocked')
        .argParser(wholeNumber(1, BUDGET_MAX_MS))
        .default(500),
    )
    .addOption(
      new Option('--writers-ms <ms>', 'longest that writers may be blocked')
        .argParser(wholeNumber(1, BUDGET_MAX_MS))
        .default(500),
    )
    .addOption(
      new Option(
        '--queue-ms <ms>',
        'longest that anybody may queue behind it and a reader (default: it is remarked)',
      ).argParser(wholeNumber(1, BUDGET_MAX_MS)),
    )
    .addOption(
      new Option('--allow <check[=reason]>', 'risk that is accepted; repeatable').argParser(accepted),
    )
    .option('--fast', 'leave out the kills, the growth with size, and releases that nobody named')
    .option('--no-kills', 'leave out the kills')
    .option('--no-lint', 'leave out the linter')
    .addOption(
      new Option('--format <format>', 'what is printed').choices(GUARD_FORMATS).default('text' as const),
    )
    .option('--output <file>', 'write it into a file instead')
    .option(
      '--brief <file>',
      'write outcome and failed checks as JSON of at most 4 KiB into a file, such as /dev/termination-log',
    )
    .option(
      '--out-dir <folder>',
      'where facts, verdict and report are kept (default: reports/out/guard of Mettle)',
    )
    .option('--judge <folder>', 'judge the facts of an earlier run again')
    .option('--explain <check>', 'what a check measures, why, how it is judged, and what is safer')
    .option('--list', 'list the checks');
}

export type GuardFlags = ReturnType<ReturnType<typeof guardFlags>['opts']>;
