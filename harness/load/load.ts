import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UnfitError } from '#harness/core/errors.ts';
import { LATENCY_BOUNDS_MS, type Recorder } from '#harness/core/timeline.ts';
import { type Child, startChild } from '#harness/process/child.ts';
import { type ProfileName, profileOf, TIMEOUT_S } from './profiles.ts';
import { LoadEndedError, RunningLoad } from './running.ts';
import { checkSettings, type LoadSettings, type LoadUsers } from './settings.ts';

export interface LoadOptions {
  /** Path of the k6 that holds the output `mettle`. */
  readonly k6: string;
  /** Path of the k6 script; the shop's when absent. */
  readonly script?: string;
  readonly profile: ProfileName;
  /** A loopback address with a port; see `checkSettings`. */
  readonly url: string;
  readonly host: string;
  /** First part of each request's id, and the `subject` of the load's records. */
  readonly run: string;
  /** The load ends by itself after the warm-up and this time; a load that was not asked to end proves nothing. */
  readonly duration_max_s: number;
  /** All users are alike when absent. */
  readonly users?: LoadUsers;
  /** Each order is remembered and recorded as `load/orders`. Not when absent. */
  readonly remember_orders?: boolean;
  readonly recorder: Recorder;
  /** Folder for k6's summary and log; made when missing. */
  readonly out_dir: string;
  readonly signal?: AbortSignal;
}

const SHOP_SCRIPT = fileURLToPath(new URL('../../scenarios/load/shop.ts', import.meta.url));
const K6_LOG = 'k6.log';
/**
 * The generator measures what shares its machine, so it comes first: beside four and twelve busy processes on two cores
 * it was late by 18 and 290 ms at most, instead of 194 and 438.
 */
const NICENESS = -10;
const LAST_WORDS_LINES = 20;
const WARM_UP_S = 3;
/** Starting k6 and making its virtual users takes 1 to 3 s on an idle core. */
const FIRST_SECOND_MAX_S = 60;

/**
 * Starts the load and comes back when its first second has been measured.
 * @throws UsageError when the target is not loopback or a bound is exceeded
 * @throws UnfitError when k6 cannot run or ends before its first second
 * @throws DeadlineError when no second is measured within 60 s
 * @throws InterruptedError when the signal is given
 */
export async function startLoad(options: LoadOptions): Promise<RunningLoad> {
  const { recorder, out_dir, run, signal, remember_orders = false } = options;
  const { rate_per_s, vus } = profileOf(options.profile);
  const settings: LoadSettings = {
    run,
    url: options.url,
    host: options.host,
    rate_per_s,
    vus,
    warm_up_s: WARM_UP_S,
    warm_up_from_per_s: Math.ceil(rate_per_s / 10),
    duration_s: options.duration_max_s,
    timeout_s: TIMEOUT_S,
    summary: join(out_dir, 'k6-summary.json'),
    ...(options.users ? { users: options.users } : {}),
    ...(remember_orders ? { remember_orders } : {}),
  };
  checkSettings(settings);
  await mkdir(out_dir, { recursive: true });
  const load = new RunningLoad(startK6(options, settings), {
    subject: run,
    recorder,
    started: {
      profile: options.profile,
      rate_per_s,
      duration_s: settings.duration_s,
      warm_up_s: settings.warm_up_s,
      warm_up_from_per_s: settings.warm_up_from_per_s,
      url: options.url,
    },
    remember_orders,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    await load.waitUntil((recent) => ({ met: recent.length > 0, seen: 'nothing yet' }), {
      awaited: 'the first second of load',
      deadline_s: FIRST_SECOND_MAX_S,
    });
    return load;
  } catch (thrown) {
    await load.kill();
    if (!(thrown instanceof LoadEndedError)) throw thrown;
    throw new UnfitError(`${thrown.message}\n${await lastWords(load, out_dir)}`, { cause: thrown });
  }
}

function startK6({ k6, script, out_dir }: LoadOptions, settings: LoadSettings): Child {
  return startChild(
    [
      k6,
      'run',
      '--quiet',
      '--no-color',
      '--no-usage-report',
      '--no-thresholds',
      '--address',
      '',
      // Each request that fails is logged as a warning: thousands a second, just when time matters.
      '--log-output',
      `file=${K6_LOG},level=error`,
      '--out',
      'mettle=-',
      script ?? SHOP_SCRIPT,
    ],
    {
      cwd: out_dir,
      niceness: NICENESS,
      // A person's own settings for k6 must not change the load.
      hide_env: /^K6_/,
      env: {
        XDG_CONFIG_HOME: out_dir,
        // A tenth less processor time than by default, for 100 MB more memory.
        GOGC: '400',
        METTLE_LOAD: JSON.stringify(settings),
        METTLE_LATENCY_BOUNDS_MS: JSON.stringify(LATENCY_BOUNDS_MS),
        METTLE_PARENT_PID: String(process.pid),
      },
    },
  );
}

/** What k6 said before it died; empty when it said nothing. */
async function lastWords(load: RunningLoad, out_dir: string): Promise<string> {
  const log = await readFile(join(out_dir, K6_LOG), 'utf8').catch(() => '');
  return `${log}\n${load.stderr_tail}`.trim().split('\n').slice(-LAST_WORDS_LINES).join('\n');
}
