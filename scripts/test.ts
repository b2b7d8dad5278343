/**
 * tests, the real CLI on small inputs, and the scenarios on a real cluster. The last line counts the tests.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = join(import.meta.dirname, '..');

const HELP = `Usage: scripts/test [--install] [--only static|unit|e2e|scenarios]

Runs every check. Without --install nothing of the system is changed, and what is missing is named (exit code 3).

Examples:
  ./scripts/test --install
  ./scripts/test --only unit
`;

interface Counts {
  passed: number;
  failed: number;
}

const STAGES = ['static', 'unit', 'e2e', 'scenarios'] as const;
type Stage = (typeof STAGES)[number];

function isStage(text: string): text is Stage {
  return STAGES.some((stage) => stage === text);
}

function say(line: string): void {
  process.stdout.write(`\n== ${line}\n`);
}

/** Runs a program of the project with its output shown, and returns its exit code. */
function show(command: readonly string[]): number {
  const [program = '', ...rest] = command;
  const result = spawnSync(program, rest, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  return result.status ?? 1;
}

const CHECKS: readonly (readonly [string, readonly string[]])[] = [
  ['format', ['biome', 'format', '.']],
  ['lint', ['oxlint', '--type-aware', '--deny-warnings']],
  ['types', ['tsc', '-p', 'tsconfig.json']],
  ['dead code', ['knip']],
];

function runStatic(): Counts {
  const counts: Counts = { passed: 0, failed: 0 };
  for (const [name, command] of CHECKS) {
    say(name);
    if (show(command) === 0) counts.passed += 1;
    else counts.failed += 1;
  }
  return counts;
}

/** Runs one vitest project and counts its tests. A project that runs no test has failed. */
function runVitest(project: string): Counts {
  say(`tests: ${project}`);
  const folder = mkdtempSync(join(tmpdir(), 'mettle-test-'));
  try {
    const file = join(folder, 'results.json');
    const code = show([
      'vitest',
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
    ]);
    const results: { numPassedTests?: number; numFailedTests?: number } = JSON.parse(
      readFileSync(file, 'utf8'),
    );
    const passed = results.numPassedTests ?? 0;
    const failed = results.numFailedTests ?? 0;
    return { passed, failed: code !== 0 && failed === 0 ? 1 : failed };
  } catch {
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs all scenarios, seeded defects included, as a user would. */
function runScenarios(install: boolean): Counts {
  say('scenarios');
  const command = ['node', 'harness/cli/main.ts', 'run', '--json', ...(install ? ['--install'] : [])];
  const [program = '', ...rest] = command;
  const result = spawnSync(program, rest, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  try {
    const { scenarios }: { scenarios: { scenario: string; title: string; outcome: string }[] } = JSON.parse(
      result.stdout,
    );
    for (const one of scenarios)
      process.stdout.write(`${one.outcome.padEnd(12)} ${one.scenario}: ${one.title}\n`);
    const passed = scenarios.filter((one) => one.outcome === 'pass').length;
    const failed = scenarios.length - passed;
    return { passed, failed: result.status !== 0 && failed === 0 ? 1 : failed };
  } catch {
    process.stdout.write(result.stdout);
    return { passed: 0, failed: 1 };
  }
}

/** What the later stages need of the machine: with `--install` it is brought there before they start. */
function prepare(install: boolean): number {
  say('machine and images');
  return show(['node', 'harness/cli/main.ts', 'images', 'build', ...(install ? ['--install'] : [])]);
}

const { values } = parseArgs({
  options: {
    install: { type: 'boolean' },
    only: { type: 'string', multiple: true },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const only = values.only ?? [];
const unknown = only.find((one) => !isStage(one));
if (unknown !== undefined) {
  process.stderr.write(`error: there is no stage "${unknown}"; choose of ${STAGES.join(', ')}\n`);
  process.exit(64);
}
const wanted = (stage: Stage): boolean => only.length === 0 || only.includes(stage);
const install = values.install ?? false;

const total: Counts = { passed: 0, failed: 0 };
const add = (counts: Counts): void => {
  total.passed += counts.passed;
  total.failed += counts.failed;
};
if (wanted('static')) add(runStatic());
if (wanted('unit')) add(runVitest('unit'));
if (wanted('e2e') || wanted('scenarios')) {
  const code = prepare(install);
  if (code !== 0) {
    process.stdout.write(`\n${total.passed} passed, ${total.failed + 1} failed\n`);
    process.exit(code);
  }
}
if (wanted('e2e')) add(runVitest('e2e'));
if (wanted('scenarios')) add(runScenarios(install));
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed === 0 ? 0 : 1;
