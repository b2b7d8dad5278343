/** What the flags of `mettle guard` ask for. */
import { clusterName } from '#harness/cluster/names.ts';
import { UsageError } from '#harness/core/errors.ts';
import type { LeftOut } from '#harness/core/guard/facts.ts';
import { nearest } from '#harness/core/nearest.ts';
import type { ProgramOptions } from '#harness/database/migrations/adapter.ts';
import { MIGRATION_TOOLS, readMigrations } from '#harness/database/migrations/read.ts';
import type { Migration, MigrationSet, MigrationTool } from '#harness/database/migrations/types.ts';
import { parseAddress } from '#harness/database/server/address.ts';
import { GROWTH_ROWS_MIN } from '#harness/run/guard/sizes-choice.ts';
import type { DataChoice, GuardRequest } from '#harness/run/guard/request.ts';
import type { GuardFlags } from './guard-flags.ts';
import { type ReleaseLogs, releaseOf } from './guard-release.ts';

/** @param logs takes what the releases write @throws UsageError, UnfitError */
export async function guardRequest(
  path: string,
  flags: GuardFlags,
  logs: ReleaseLogs,
  doing: Pick<ProgramOptions, 'signal' | 'progress'>,
): Promise<GuardRequest> {
  const engine = engineOf(flags);
  const data = dataOf(flags);
  const tool = flags.tool === undefined ? undefined : toolNamed(flags.tool);
  const { down } = flags;
  const set = await readMigrations(path, {
    ...(tool === undefined ? {} : { tool }),
    ...(down === undefined ? {} : { down }),
    postgres: flags.postgres,
    ...doing,
  });
  const { earlier, judged } = chosen(set, flags);
  const [old, next] = await Promise.all([releaseOf('old', flags, logs), releaseOf('new', flags, logs)]);
  const { schema, postgres, timeZone, lockTimeout, realRows } = flags;
  const made_up = flags.fast !== true;
  const reader_ms = old !== undefined || next !== undefined || made_up ? flags.reader : 0;
  return {
    set,
    earlier,
    judged,
    data,
    ...(schema === undefined ? {} : { schema }),
    ...(old === undefined ? {} : { old }),
    ...(next === undefined ? {} : { next }),
    rate_per_s: flags.rate,
    seed: flags.seed,
    engine,
    ...(postgres === undefined ? {} : { postgres }),
    made_up,
    ...(reader_ms === 0 ? {} : { reader_ms }),
    ...(timeZone === undefined ? {} : { time_zone: timeZone }),
    ...(lockTimeout === undefined ? {} : { lock_timeout: lockTimeout }),
    ...(realRows === undefined ? {} : { real_rows: realRows }),
    left_out: leftOut(flags, judged, data),
  };
}

function engineOf({ engine, cluster }: GuardFlags): GuardRequest['engine'] {
  if (engine === 'cluster') {
    if (cluster !== undefined) return { cluster: clusterName(cluster) };
    throw new UsageError('--engine cluster needs the name of a cluster', {
      next: 'Name it with --cluster; `mettle cluster list` shows them.',
    });
  }
  if (cluster === undefined) return engine === 'container' ? 'testcontainers' : 'embedded';
  throw new UsageError(`--cluster names where the server runs, and --engine ${engine} runs it here`, {
    next: 'Add --engine cluster, or leave --cluster out.',
  });
}

function dataOf({ data, copyFrom, copySchema, rows, like }: GuardFlags): DataChoice {
  if (copySchema !== undefined && copyFrom === undefined) {
    throw new UsageError('--copy-schema needs a database to copy it from', {
      next: 'name the database with --copy-from',
    });
  }
  if (like !== undefined && rows === undefined) {
    throw new UsageError('--like says how rows are made up, and none are', {
      next: 'say how many with --rows, for example --rows 10k',
    });
  }
  const given = [data, copyFrom, rows].filter((one) => one !== undefined);
  if (given.length > 1) {
    throw new UsageError('rows come from one place: --data, --copy-from or --rows', {
      next: '`mettle guard --help` has examples',
    });
  }
  if (data !== undefined) return { source: 'dump', path: data };
  if (copyFrom !== undefined) {
    const address = parseAddress(copyFrom);
    return { source: 'live', address, ...(copySchema === undefined ? {} : { schemas: copySchema }) };
  }
  if (rows !== undefined) {
    return { source: 'generated', rows, ...(like === undefined ? {} : { like: parseAddress(like) }) };
  }
  throw new UsageError('there are no rows to try it on', {
    next: 'give a dump (--data), a database to copy from (--copy-from), or have rows made up (--rows 10k)',
  });
}

function toolNamed(name: string): MigrationTool {
  const found = MIGRATION_TOOLS.find((one) => one === name);
  if (found !== undefined) return found;
  throw new UsageError(`no tool ${JSON.stringify(name)} is known`, {
    next: `choose one of ${MIGRATION_TOOLS.join(', ')}`,
  });
}

/** Those from the first to the last one that was asked for, and those before. */
function chosen(
  { migrations, root }: MigrationSet,
  { from, until }: GuardFlags,
): { readonly earlier: readonly Migration[]; readonly judged: readonly Migration[] } {
  const first = from === undefined ? 0 : indexOf(migrations, from, root);
  const last = until === undefined ? migrations.length - 1 : indexOf(migrations, until, root);
  if (last < first) {
    throw new UsageError(`--until ${until ?? ''} comes before --from ${from ?? ''}`, {
      next: `they run in this order: ${migrations[last]?.name ?? ''}, ..., ${migrations[first]?.name ?? ''}`,
    });
  }
  return { earlier: migrations.slice(0, first), judged: migrations.slice(first, last + 1) };
}

/** A name, or the beginning of one alone. */
function indexOf(migrations: readonly Migration[], wanted: string, root: string): number {
  const exact = migrations.findIndex(({ name }) => name === wanted);
  if (exact !== -1) return exact;
  const begun = migrations.filter(({ name }) => name.startsWith(wanted));
  const [only] = begun;
  if (begun.length === 1 && only !== undefined) return migrations.indexOf(only);
  const names = migrations.map(({ name }) => name);
  const near = begun.length > 1 ? begun.map(({ name }) => name).slice(0, 3) : nearest(wanted, names);
  throw new UsageError(
    begun.length > 1
      ? `${begun.length} migrations of ${root} begin with ${JSON.stringify(wanted)}`
      : `there is no migration ${JSON.stringify(wanted)} in ${root}`,
    { next: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `the first is ${names[0] ?? ''}` },
  );
}

function leftOut(flags: GuardFlags, judged: readonly Migration[], data: DataChoice): readonly LeftOut[] {
  const left: LeftOut[] = [];
  if (flags.old === undefined) left.push({ part: 'old-release', why: 'no release was named with --old' });
  if (flags.new === undefined) left.push({ part: 'new-release', why: 'no release was named with --new' });
  if (flags.reader === 0) left.push({ part: 'behind-reader', why: 'left out by --reader 0' });
  else if (flags.fast === true && flags.old === undefined && flags.new === undefined) {
    left.push({ part: 'behind-reader', why: 'left out by --fast, as no release was named' });
  }
  if (flags.fast === true && flags.old === undefined && flags.new === undefined) {
    left.push({ part: 'writes', why: 'left out by --fast, as no release was named' });
  }
  if (judged.every(({ down }) => down === undefined)) {
    left.push({ part: 'down', why: 'no down was given' });
  }
  if (flags.fast === true) left.push({ part: 'kills', why: 'left out by --fast' });
  else if (!flags.kills) left.push({ part: 'kills', why: 'left out by --no-kills' });
  if (flags.fast === true) left.push({ part: 'growth', why: 'left out by --fast' });
  else if (data.source === 'generated' && data.rows < GROWTH_ROWS_MIN) {
    left.push({ part: 'growth', why: 'it takes --rows 100k or more' });
  }
  if (!flags.lint) left.push({ part: 'lint', why: 'left out by --no-lint' });
  return left;
}
