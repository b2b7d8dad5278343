/** The program of the image `guard`: `mettle guard` and nothing else, for a Job that judges a migration where it would run. */
import { guardCommand } from './commands/guard.ts';
import { runProgram } from './program.ts';

await runProgram({
  description: 'Judges a schema migration on a copy of real rows, before it is run for good.',
  epilogue: `
Exit codes: 0 pass, 1 fail, 2 inconclusive, 3 not fit, 64 usage, 130 interrupted. Only 0 opens a gate.`,
  commands: [guardCommand],
});
