import { cleanupCommand } from './commands/cleanup.ts';
import { clusterCommand } from './commands/cluster.ts';
import { doctorCommand } from './commands/doctor.ts';
import { faultCommand } from './commands/fault.ts';
import { guardCommand } from './commands/guard.ts';
import { startInCluster } from './commands/guard-cluster.ts';
import { imagesCommand } from './commands/images.ts';
import { judgeCommand } from './commands/judge.ts';
import { listCommand } from './commands/list.ts';
import { rebuildCommand } from './commands/rebuild.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { validateCommand } from './commands/validate.ts';
import { runProgram } from './program.ts';

const EPILOGUE = `
Examples:
  mettle doctor                                           is this machine fit?
  mettle run rollback/flagger-error-rate --install        one scenario, from nothing to a verdict
  mettle run                                              all scenarios
  mettle run rollback --keep on-failure                   keep the cluster of a failed run
  mettle rebuild --plan                                   what a cluster would be rebuilt from if it were lost now
  mettle guard up.sql --data dump.sql                     what a migration does, before it is run for good
  mettle fault list                                       what can be broken, for how long and how far
  mettle judge reports/out/rollback/flagger-error-rate/latest

Exit codes: 0 pass, 1 fail, 2 inconclusive, 3 machine not fit, 64 usage, 130 interrupted.`;

await runProgram({
  description: 'Proves on a real cluster, under real load, that rollouts roll back as specified.',
  epilogue: EPILOGUE,
  commands: [
    runCommand,
    listCommand,
    doctorCommand,
    validateCommand,
    judgeCommand,
    reportCommand,
    (context, done) => guardCommand(context, done, startInCluster),
    rebuildCommand,
    clusterCommand,
    imagesCommand,
    faultCommand,
    cleanupCommand,
  ],
});
