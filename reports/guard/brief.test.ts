import { expect, it } from 'vitest';
import { parseGuardBrief } from '#harness/core/guard/brief.ts';
import type { GuardFacts } from '#harness/core/guard/facts.ts';
import { judgeGuard } from '#harness/judge/guard/judge-guard.ts';
import { madeColumn, madeContent, madeFacts } from '#harness/judge/guard/testing/made-guard.ts';
import { DEFAULT_BUDGETS } from '#harness/judge/guard/verdict.ts';
import { renderGuardBrief } from './brief.ts';

function briefOf(facts: GuardFacts, accepted: Readonly<Record<string, string>> = {}): string {
  return renderGuardBrief({ facts, verdict: judgeGuard(facts, { budgets: DEFAULT_BUDGETS, accepted }) });
}

const CUT = madeFacts({
  content: madeContent({ columns: [madeColumn('name', { changed: 1204, truncated: 1204 })] }),
});

it('names the checks that failed, as the pod of a guard leaves them behind', () => {
  const brief = parseGuardBrief(briefOf(CUT));
  expect(brief).toMatchObject({ outcome: 'fail', failed: [{ check: 'values-kept', outcome: 'fail' }] });
  expect(brief?.why).toMatch(/^values-kept: 1,204 values /);
});

it('is a pass without a check where all hold, or are accepted', () => {
  expect(parseGuardBrief(briefOf(madeFacts({})))).toMatchObject({ outcome: 'pass', failed: [] });
  expect(parseGuardBrief(briefOf(CUT, { 'values-kept': 'as agreed' }))).toMatchObject({ failed: [] });
});

it('stays within what Kubernetes keeps, whatever is said', () => {
  const [first] = CUT.migrations;
  if (first === undefined) throw new Error('no migration was made');
  const many = Array.from({ length: 200 }, (_, index) => ({ ...first, name: `${index} ${'ü'.repeat(900)}` }));
  const text = briefOf({ ...CUT, migrations: many });
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096);
  expect(parseGuardBrief(text)?.outcome).toBe('fail');
});

it.each(['', 'null', '[]', '{}', '{"outcome":"yes"}', 'exit 3 (not fit): no room'])(
  '%j is no verdict',
  (text) => {
    expect(parseGuardBrief(text)).toBeUndefined();
  },
);
