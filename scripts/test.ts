/**
 * Everything that must hold before a change is accepted: format, lint, types, dead code, unit and property tests (import
 * walls and the real command line among them), tests on the real machine, and the scenarios on a real cluster. The last
 * line counts the tests.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeContext } from '#harness/cli/context.ts';
import { endOfError, lastLine } from '#harness/cli/exit.ts';
import { InterruptedError } from '#harness/core/errors.ts';
import { ensurePackages } from '#harness/machine/ensure.ts';
import { TEST_PACKAGES } from '#harness/machine/packages.ts';
import { type RunResult, tryRun } from '#harness/process/run.ts';
import { ROOT } from '#harness/run/catalogue.ts';

const HELP = `Usage: scripts/test [--install] [--nightly] [--only static|unit|e2e|scenarios]...

Runs every check. Without --install nothing of the system is changed, and what is missing is named (exit code 3).

  static      format, lint, types, dead code
  unit        unit and property tests, import walls, the command line on small inputs
  e2e         tests that need Docker: images, registry, clusters, load, interruptions
  scenarios   every scenario but the nightly ones on a real cluster, one after the other

With --nightly, e2e has those tests too that are left out of the checks of a change.
The nightly scenarios: ./scripts/mettle run --tags nightly

Examples:
  ./scripts/test --install
  ./scripts/test --only static --only unit
  ./scripts/test --only e2e --nightly
`;

/** What a stage found. */
interface Counts {
  readonly passed: number;
  readonly failed: number;
}

const STAGES = ['static', 'unit', 'e2e', 'scenarios'] as const;
type Stage = (typeof STAGES)[number];

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));
}
const { phases } = makeContext(stop.signal);

/** Runs a program of the project as a phase. What it printed is shown when it fails. */
async function stage(title: string, key: string, command: readonly string[]): Promise<RunResult> {
  const lines: string[] = [];
  const result = await phases.phase(title, `test: ${key}`, async (progress) =>
    tryRun(command, {
      cwd: ROOT,
      ...(process.stderr.isTTY ? {} : { env: { NO_COLOR: '1' } }),
      signal: stop.signal,
      onLine: (line) => {
        lines.push(line);
        if (line.trim()) progress(line);
      },
    }),
  );
  if (result.exit_code !== 0)
    process.stdout.write(`${lines.join('\n')}\n${title}: exit ${String(result.exit_code)}\n`);
  return result;
}

const CHECKS: readonly (readonly [string, readonly string[]])[] = [
  ['Format', ['biome', 'format', '.']],
  ['Lint', ['oxlint', '--type-aware', '--deny-warnings']],
  ['Types', ['tsc', '-p', 'tsconfig.json']],
  ['Dead code', ['knip']],
];

async function runStatic(): Promise<Counts> {
  let failed = 0;
  for (const [name, command] of CHECKS) {
    const { exit_code } = await stage(name, name, command);
    if (exit_code !== 0) failed += 1;
  }
  return { passed: CHECKS.length - failed, failed };
}

/** Runs one vitest project and counts its tests. A project that runs no test has failed. */
async function runVitest(project: string, nightly = false): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'mettle-test-'));
  try {
    const file = join(folder, 'results.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const { exit_code } = await stage(`Tests: ${project}`, project, [
      'vitest',
      'run',
      '--project',
      project,
      ...(nightly ? [] : ['--tags-filter=!nightly']),
      ...reporters,
    ]);
    const results: { numPassedTests?: number; numFailedTests?: number } = JSON.parse(
      readFileSync(file, 'utf8'),
    );
    const passed = results.numPassedTests ?? 0;
    const failed = results.numFailedTests ?? 0;
    return { passed, failed: failed === 0 && (exit_code !== 0 || passed === 0) ? 1 : failed };
  } catch (error) {
    process.stdout.write(`${project}: no results: ${String(error)}\n`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs all scenarios but the nightly ones, as a user would. */
async function runScenarios(): Promise<Counts> {
  const { stdout, exit_code } = await stage('Scenarios', 'scenarios', [
    'node',
    'harness/cli/main.ts',
    'run',
    '--json',
    // The checks of a change may share their machine: two at a time were starved there, and proved nothing.
    '--cores',
    '1',
    // A machine that others use too takes its time away at times: then the load was not what a verdict needs.
    '--again-if-starved',
    '1',
  ]);
  try {
    const {
      scenarios,
    }: { scenarios: { scenario: string; title: string; outcome: string; run_again?: true }[] } =
      JSON.parse(stdout);
    for (const one of scenarios) {
      const outcome = one.run_again === true ? 'starved' : one.outcome;
      process.stdout.write(`${outcome.padEnd(12)} ${one.scenario}: ${one.title}\n`);
    }
    const counted = scenarios.filter((one) => one.run_again !== true);
    const passed = counted.filter((one) => one.outcome === 'pass').length;
    const failed = counted.length - passed;
    return { passed, failed: failed === 0 && exit_code !== 0 ? 1 : failed };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

async function main(
  wanted: (stage: Stage) => boolean,
  { install, nightly }: { readonly install: boolean; readonly nightly: boolean },
): Promise<number> {
  const counts: Counts[] = [];
  if (wanted('static')) counts.push(await runStatic());
  if (wanted('unit')) counts.push(await runVitest('unit'));
  if (wanted('e2e') || wanted('scenarios')) {
    const build = ['node', 'harness/cli/main.ts', 'images', 'build', '--first-versions'];
    if (install) build.push('--install');
    const { exit_code } = await stage('Machine and images', 'images', build);
    if (exit_code !== 0) return exit_code ?? 1;
  }
  if (wanted('e2e')) {
    await phases.phase('Test tools', 'test: tools', (progress) =>
      ensurePackages(TEST_PACKAGES, { install, progress }),
    );
  }
  if (wanted('e2e')) counts.push(await runVitest('e2e', nightly), await runVitest('faults', nightly));
  if (wanted('scenarios')) counts.push(await runScenarios());
  stop.signal.throwIfAborted();
  const passed = counts.reduce((sum, one) => sum + one.passed, 0);
  const failed = counts.reduce((sum, one) => sum + one.failed, 0);
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

const { values } = parseArgs({
  options: {
    install: { type: 'boolean', default: false },
    nightly: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const unknown = values.only.find((one) => !STAGES.some((stage_name) => stage_name === one));
if (values.help) {
  process.stdout.write(HELP);
} else if (unknown !== undefined) {
  process.stderr.write(`error: there is no stage "${unknown}"; choose of ${STAGES.join(', ')}\n`);
  process.exitCode = 64;
} else {
  try {
    process.exitCode = await main((name) => values.only.length === 0 || values.only.includes(name), values);
  } catch (error) {
    const failed = endOfError(stop.signal.aborted ? new InterruptedError('stopped by the user') : error);
    process.stderr.write(`${failed.text}${lastLine(failed.end)}`);
    process.exitCode = failed.end.exit_code;
  }
}
