import type { GuardReport } from './model.ts';
import { explainGuard } from './model.ts';

/** The verdict as a file for programs: `verdict.json` beside `facts.json`, and `--format json`. */
export function renderGuardJson({ facts, verdict }: GuardReport): string {
  const { started_at, ended_at, server, data, seeded_defect } = facts;
  const document = {
    /** A change of this shape that breaks readers raises it. */
    schema: 1,
    why: explainGuard(verdict),
    ...verdict,
    started_at,
    ended_at,
    server,
    data,
    migrations: facts.migrations.map(({ name, tool }) => ({ name, tool })),
    ...(seeded_defect === undefined ? {} : { seeded_defect }),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
