import type { PlannedBackup, RebuildPlan } from '#harness/core/rebuild-plan.ts';
import type { EpochMs } from '#harness/core/timeline.ts';

const METHODS = { wal: 'base backup, then the archived write-ahead log', dump: 'dump' } as const;

/** The plan as a person reads it before anything is lost. `now` is what ages are counted from. */
export function planText(plan: RebuildPlan, now: EpochMs): string {
  const { cluster, repository, components, database, steps } = plan;
  const chosen = database.backups.find(({ name }) => name === database.chosen);
  const refused = database.backups.filter(({ objection }) => objection !== undefined);
  const ports = Object.entries(cluster.ports).map(([service, port]) => `${service} ${port}`);
  const lines = [
    `Cluster      ${cluster.name}: ${cluster.nodes === 1 ? '1 node' : `${cluster.nodes} nodes`} of ${cluster.node_image}`,
    `             ports on 127.0.0.1: ${ports.join(', ')}`,
    `Repository   ${repository.name} at ${repository.revision.slice(0, 12)}, committed ${instant(repository.committed_at)}: ${repository.message}`,
    `Components   ${components.length === 0 ? 'none' : ''}`.trimEnd(),
    ...components.map(
      ({ name, images }) => `  ${name.padEnd(22)} ${images.join(', ') || 'no program of its own'}`,
    ),
    `Database     restored by ${METHODS[database.method]}`,
    ...(chosen ? [`  from ${backupText(chosen, now)}`] : []),
    ...(database.log_until === undefined
      ? []
      : [`  log stored up to ${instant(database.log_until)}, ${age(database.log_until, now)} ago`]),
    `  ${database.backups.length} ${database.backups.length === 1 ? 'backup' : 'backups'} in the store${refused.length > 0 ? `, ${refused.length} of them of no use:` : ''}`,
    ...refused.map(({ name, objection }) => `    ${name}: ${objection ?? ''}`),
    'Steps, with what each took the last time it was done here; components come up side by side',
    ...steps.map(({ name, expected_s }) => `  ${name.padEnd(32)} ${expectedText(expected_s)}`),
    `  ${'from the loss to the steady state'.padEnd(32)} ${expectedText(plan.expected_s)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function expectedText(expected_s: number | undefined): string {
  return expected_s === undefined ? 'not done here yet' : `${expected_s.toFixed(1)} s`;
}

function backupText({ name, taken_at, bytes, rows }: PlannedBackup, now: EpochMs): string {
  const size = `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
  return `${name}, taken ${age(taken_at, now)} ago, ${size}${rows === undefined ? '' : `, ${rows.toLocaleString('en-GB')} rows`}`;
}

function instant(at: EpochMs): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `12 s`, `4 min`, `3 h`, `2 days`: as exact as an age has to be. */
function age(at: EpochMs, now: EpochMs): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
