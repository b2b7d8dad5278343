/**
 * Measures Mettle's budgets on this machine: how long a cluster, the stack and a verdict take, whether the load is held,
 * and what the harness itself costs while it is. Prints one row per budget.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PlainPhases } from '#harness/cli/phases-plain.ts';
import { endOfError, lastLine } from '#harness/cli/exit.ts';
import { readRelease } from '#harness/config/document.ts';
import { InterruptedError } from '#harness/core/errors.ts';
import { kubeClient } from '#harness/kube/client.ts';
import { startLoad } from '#harness/load/load.ts';
import { PROFILES } from '#harness/load/profiles.ts';
import { TimelineFile } from '#harness/observe/recorder.ts';
import { observeRollout } from '#harness/observe/rollout.ts';
import { ROOT } from '#harness/run/catalogue.ts';
import { deployDemoShop } from '#harness/run/demo-shop.ts';
import { prepareCluster, prepareImages } from '#harness/run/prepare.ts';
import { componentsOf } from '#harness/stack/profiles.ts';
import { SHOP_ALERT } from '#harness/stack/alert-rules.ts';
import { SCRAPE_INTERVAL_S } from '#harness/stack/prometheus.ts';
import { deployShop, shopHost, untilInitialised } from '#harness/stack/shop.ts';
import { benchGuard, GUARD_PARTS } from './bench-guard.ts';
import { killMatrix, readFigures, renderKills, sumUp } from './kill-matrix.ts';

const HELP = `Usage: scripts/bench [load|verdict|stack|kill-matrix] [--seconds N] [--runs N]
       scripts/bench guard [--corpus DIR] [--only PART]...
       scripts/bench kill-matrix [--kills N] [--fault NAME]... [--cluster NAME [--alone]] [--json]

  load      cluster, stack and shop, then 300, 1,500 and 3,000 operations a second through the gateway
  verdict   the first scenario from command to exit, images warm
  stack     cluster, the profiles flagger and full, and the shop serving; memory of the node at the end
  guard     the migration guard: one migration at 10 k (small), 1 M (million) and, only when asked for, 10 M rows
            (ten-million), its figures against scripted truth (accuracy); with --corpus the history of migrations below it
            (history), and its answers to the examples of the linters eugene and squawk, whose checkouts are looked for in
            DIR/eugene and DIR/squawk (agreement), written to reports/out/guard-agreement.md
  kill-matrix  every fault at every moment, the harness killed: how long until nothing of the fault is left. The
            figures of all runs on this machine add up; --kills 0 only shows them

Examples:
  ./scripts/bench load --seconds 30
  ./scripts/bench guard --corpus ../corpora --only history --only agreement
  ./scripts/bench kill-matrix --kills 100
  ./scripts/bench kill-matrix --kills 20 --fault pod-kill --cluster mettle-dev
`;

interface Row {
  readonly what: string;
  readonly budget: string;
  readonly measured: string;
  readonly kept: boolean;
}

/** Budgets of the README. */
const BUDGET = {
  cluster_s: 10,
  serving_s: 45,
  full_serving_s: 90,
  node_gib: 4,
  verdict_s: 120,
  rate_error_pct: 0.5,
  harness_cores: 0.2,
} as const;

const phases = new PlainPhases((text) => void process.stderr.write(text));

function row(what: string, value: number, unit: string, budget: number): Row {
  return {
    what,
    budget: `<= ${budget} ${unit}`,
    measured: `${value.toFixed(2)} ${unit}`,
    kept: value <= budget,
  };
}

async function benchLoad(seconds: number): Promise<readonly Row[]> {
  const stop = new AbortController();
  const { signal } = stop;
  const artifacts = await prepareImages({
    install: false,
    images: 'auto',
    registry: undefined,
    phases,
    signal,
  });
  const began = performance.now();
  let ready_s = 0;
  const timed = {
    say: (line: string) => phases.say(line),
    phase: async <Result>(
      title: string,
      key: string,
      act: Parameters<typeof phases.phase<Result>>[2],
    ): Promise<Result> => {
      const result = await phases.phase(title, key, act);
      if (key === 'cluster') ready_s = (performance.now() - began) / 1000;
      return result;
    },
  };
  await using cluster = await prepareCluster(artifacts, { phases: timed, signal, keep: false });
  await using kube = kubeClient(cluster);
  const namespace = 'shop-bench';
  const { document } = await readRelease(join(ROOT, 'fixtures', 'releases', 'good.yaml'));
  const components = componentsOf(['flagger']);
  const ctx = { kube, artifacts, components, progress: (line: string) => phases.say(`  ${line}`), signal };
  await deployShop(ctx, { namespace, release: 'v1', document: { ...document, release: 'v1' } });
  await untilInitialised(ctx, { namespace, deadline_s: 120 });
  const rows: Row[] = [
    row('cluster ready', ready_s, 's', BUDGET.cluster_s),
    row('cluster, stack and shop serving', (performance.now() - began) / 1000, 's', BUDGET.serving_s),
  ];

  for (const profile of PROFILES) {
    const folder = mkdtempSync(join(tmpdir(), 'mettle-bench-'));
    using timeline = new TimelineFile(join(folder, 'timeline.jsonl'));
    await using _observers = await observeRollout(
      {
        kube,
        cluster,
        spec: {
          controller: 'flagger',
          namespace,
          app: 'shop',
          interval_s: 10,
          scrape_interval_s: SCRAPE_INTERVAL_S,
          alert: SHOP_ALERT,
        },
      },
      timeline,
    );
    const load = await startLoad({
      k6: artifacts.k6,
      profile: profile.name,
      url: `http://127.0.0.1:${cluster.ports.gateway}`,
      host: shopHost(namespace),
      run: `bench-${profile.rate_per_s}`,
      duration_max_s: seconds + 60,
      recorder: timeline,
      out_dir: folder,
    });
    // The first seconds warm the path up; they are not measured.
    const warm = 8;
    await load.waitUntil((recent) => ({ met: recent.length >= warm, seen: `${recent.length} s` }), {
      awaited: 'the warm-up',
      deadline_s: 60,
    });
    const cpu = process.cpuUsage();
    const from = performance.now();
    await load.waitUntil((recent) => ({ met: recent.length >= warm + seconds, seen: `${recent.length} s` }), {
      awaited: 'the measured seconds',
      deadline_s: seconds + 30,
    });
    const used = process.cpuUsage(cpu);
    const cores = (used.user + used.system) / 1000 / (performance.now() - from);
    const measured = load.recent.slice(-seconds);
    await load.stop();
    const answers = measured
      .flatMap((second) => second.series)
      .reduce((sum, series) => sum + series.count, 0);
    const dropped = measured.reduce((sum, second) => sum + second.dropped_iterations, 0);
    const rate = answers / measured.length;
    rows.push(
      row(
        `${profile.rate_per_s} ops/s: rate error (${rate.toFixed(1)}/s, ${dropped} dropped)`,
        (Math.abs(rate - profile.rate_per_s) / profile.rate_per_s) * 100,
        '%',
        BUDGET.rate_error_pct,
      ),
      row(`${profile.rate_per_s} ops/s: CPU of harness and observers`, cores, 'cores', BUDGET.harness_cores),
    );
    rmSync(folder, { recursive: true, force: true });
  }
  return rows;
}

/** Memory that a node's container uses, in GiB, as Docker counts it. */
function nodeMemory(name: string): number {
  const { stdout } = spawnSync(
    'docker',
    ['stats', '--no-stream', '--format', '{{.MemUsage}}', `${name}-control-plane`],
    { encoding: 'utf8' },
  );
  const match = /^([\d.]+)(KiB|MiB|GiB)/.exec(stdout.trim());
  const unit = { KiB: 1 / 1024 ** 2, MiB: 1 / 1024, GiB: 1 }[match?.[2] ?? ''] ?? Number.NaN;
  return Number(match?.[1]) * unit;
}

async function benchProfile(profile: 'flagger' | 'full', budget_s: number): Promise<readonly Row[]> {
  const { signal } = new AbortController();
  const components = componentsOf([profile]);
  const install = values.install ?? false;
  const images = 'auto';
  const artifacts = await prepareImages({ install, images, registry: undefined, components, phases, signal });
  const began = performance.now();
  await using cluster = await prepareCluster(artifacts, {
    phases,
    signal,
    keep: false,
    components,
    afterwards: (made) => deployDemoShop(made, { artifacts, components, phases, signal }),
  });
  const seconds = (performance.now() - began) / 1000;
  return [
    row(`cluster, stack ${profile} and shop serving`, seconds, 's', budget_s),
    row(`memory of the node with stack ${profile}`, nodeMemory(cluster.name), 'GiB', BUDGET.node_gib),
  ];
}

async function benchStack(runs: number): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let run = 0; run < runs; run += 1) {
    rows.push(...(await benchProfile('flagger', BUDGET.serving_s)));
    rows.push(...(await benchProfile('full', BUDGET.full_serving_s)));
  }
  return rows;
}

function benchVerdict(runs: number): readonly Row[] {
  return Array.from({ length: runs }, (_, index) => {
    const from = performance.now();
    const result = spawnSync(join(ROOT, 'scripts', 'mettle'), ['run', 'rollback/flagger-error-rate'], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const seconds = (performance.now() - from) / 1000;
    return row(
      `first verdict, warm (run ${index + 1}, exit ${result.status})`,
      seconds,
      's',
      BUDGET.verdict_s,
    );
  });
}

/** Kills harnesses, then prints the figures of this run and of all runs so far. Ctrl-C ends it in order. */
async function benchKills(kills: number): Promise<number> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort(new InterruptedError('stopped by SIGINT')));
  const { fault = [], cluster, alone = false, json = false } = values;
  const { signal } = stop;
  const made = kills === 0 ? [] : await killMatrix({ kills, faults: fault, cluster, alone, phases, signal });
  const [run, all] = [sumUp(made), sumUp(await readFigures())];
  if (json) process.stdout.write(`${JSON.stringify({ run, all }, undefined, 2)}\n`);
  else process.stdout.write(`This run\n${renderKills(run)}\nAll runs\n${renderKills(all)}`);
  return run.every(({ failures }) => failures === 0) ? 0 : 1;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '30' },
    runs: { type: 'string', default: '1' },
    install: { type: 'boolean' },
    kills: { type: 'string', default: '100' },
    fault: { type: 'string', multiple: true },
    cluster: { type: 'string' },
    alone: { type: 'boolean' },
    json: { type: 'boolean' },
    corpus: { type: 'string' },
    only: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', short: 'h' },
  },
});
const [what = 'load'] = positionals;
const seconds = Number(values.seconds);
const runs = Number(values.runs);
const kills = Number(values.kills);
if (values.help) {
  process.stdout.write(HELP);
} else if (
  !['load', 'verdict', 'stack', 'guard', 'kill-matrix'].includes(what) ||
  !values.only.every((part) => GUARD_PARTS.some((one) => one === part)) ||
  !(Number.isInteger(kills) && kills >= 0 && kills <= 2000) ||
  !(seconds >= 5 && seconds <= 100) ||
  !(runs >= 1 && runs <= 20)
) {
  process.stderr.write(
    `error: unknown benchmark, part or bound (5 to 100 seconds, 1 to 20 runs, 0 to 2,000 kills)\n${HELP}`,
  );
  process.exitCode = 64;
} else if (what === 'kill-matrix') {
  try {
    process.exitCode = await benchKills(kills);
  } catch (error) {
    const { end, text } = endOfError(error);
    process.stderr.write(`${text}${lastLine(end)}`);
    process.exitCode = end.exit_code;
  }
} else {
  const rows =
    what === 'load'
      ? await benchLoad(seconds)
      : what === 'stack'
        ? await benchStack(runs)
        : what === 'guard'
          ? await benchGuard({ corpus: values.corpus, only: values.only })
          : benchVerdict(runs);
  for (const { what: name, budget, measured, kept } of rows) {
    process.stdout.write(`| ${name} | ${budget} | ${measured} | ${kept ? 'kept' : 'NOT kept'} |\n`);
  }
  process.exitCode = rows.every(({ kept }) => kept) ? 0 : 1;
}
