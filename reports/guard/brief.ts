import type { BriefCheck, GuardBrief } from '#harness/core/guard/brief.ts';
import { deciding, explainGuard, type GuardReport, worstChecks } from './model.ts';

/** What Kubernetes keeps of a container's last words, in bytes. Source: `terminationMessagePath` in the API's reference. */
const BYTES_MAX = 4096;
/** Lengths that leave room for the rest, even where each character takes six bytes. */
const SENTENCE_MAX = 400;
const NAME_MAX = 60;
const NAMES_MAX = 3;

function cut(text: string, most = SENTENCE_MAX): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** The verdict in few words, worst checks first, as many as there is room for. */
export function renderGuardBrief(report: GuardReport): string {
  const { facts, verdict } = report;
  const failed = worstChecks(deciding(verdict.checks)).flatMap(
    ({ check, outcome, severity, reason }): readonly BriefCheck[] =>
      outcome === 'pass' ? [] : [{ check, outcome, severity, reason: cut(reason) }],
  );
  const render = (checks: readonly BriefCheck[]): string => {
    const brief: GuardBrief = {
      outcome: verdict.outcome,
      why: cut(explainGuard(verdict)),
      migrations: facts.migrations.slice(0, NAMES_MAX).map(({ name }) => cut(name, NAME_MAX)),
      failed: checks,
    };
    return `${JSON.stringify(brief)}\n`;
  };
  for (let count = failed.length; count > 0; count -= 1) {
    const text = render(failed.slice(0, count));
    if (Buffer.byteLength(text) <= BYTES_MAX) return text;
  }
  return render([]);
}
