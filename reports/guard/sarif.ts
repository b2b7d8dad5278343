import type { Log, ReportingDescriptor, Result, Run } from 'sarif';
import type { Position } from '#harness/core/errors.ts';
import type { CheckVerdict, GuardVerdict } from '#harness/judge/guard/verdict.ts';
import { catalogueEntry } from '#harness/core/guard/catalogue/catalogue.ts';
import type { GuardReport } from './model.ts';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0-rtm.5.json';

/**
 * A run as SARIF 2.1.0, for code scanning: what fails and what lacks evidence, at the statements that it is about. The
 * linter's findings are a run of their own. A check that holds is no result; what somebody accepted is a suppressed one.
 */
export function renderGuardSarif({ facts, verdict }: GuardReport): string {
  const log: Log = {
    version: '2.1.0',
    $schema: SCHEMA,
    runs: [guardRun(verdict, facts), ...lintRuns(facts)],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

function guardRun(verdict: GuardVerdict, { started_at, ended_at, migrations }: GuardReport['facts']): Run {
  const told = verdict.checks.filter(({ outcome }) => outcome !== 'pass');
  const rules = [...new Set(told.map(({ check }) => check))];
  const files = new Map(migrations.map(({ name, statements }) => [name, statements[0]?.position] as const));
  return {
    tool: { driver: { name: 'Mettle guard', rules: rules.map(ruleOf) } },
    invocations: [
      {
        executionSuccessful: true,
        startTimeUtc: new Date(started_at).toISOString(),
        endTimeUtc: new Date(ended_at).toISOString(),
      },
    ],
    columnKind: 'unicodeCodePoints',
    results: told.map((check) => resultOf(check, rules.indexOf(check.check), files.get(check.migration))),
  };
}

function ruleOf(id: string): ReportingDescriptor {
  const entry = catalogueEntry(id);
  if (entry === undefined) return { id };
  return {
    id,
    shortDescription: { text: entry.title },
    fullDescription: { text: entry.judged },
    help: { text: `${entry.why} ${entry.safer}` },
  };
}

/** Without evidence a check is open; only what fails has a level. */
function resultOf(check: CheckVerdict, ruleIndex: number, start: Position | undefined): Result {
  const { check: ruleId, outcome, severity, reason, measured, limit, accepted, safer, statements } = check;
  const positions = statements.length > 0 ? statements.map(({ position }) => position) : start ? [start] : [];
  const figures = measured === undefined ? '' : ` (measured ${measured}, limit ${limit})`;
  const way = safer === undefined ? '' : `\nSafer: ${safer.text}\n${safer.sql}`;
  return {
    ruleId,
    ruleIndex,
    kind: outcome === 'fail' ? 'fail' : 'open',
    level: outcome === 'fail' ? 'error' : 'none',
    message: { text: `${reason}${figures}${way}` },
    locations: positions.map(locationOf),
    partialFingerprints: { migrationAndCheck: `${check.migration}/${ruleId}` },
    properties: {
      severity,
      migration: check.migration,
      limit,
      ...(measured === undefined ? {} : { measured }),
    },
    ...(accepted === undefined
      ? {}
      : {
          suppressions: [{ kind: 'external' as const, status: 'accepted' as const, justification: accepted }],
        }),
  };
}

function locationOf({ file, line, column }: Position) {
  return {
    physicalLocation: {
      artifactLocation: { uri: file.split(/[\\/]/).map(encodeURIComponent).join('/') },
      region: { startLine: line, startColumn: column },
    },
  };
}

function lintRuns({ lint }: GuardReport['facts']): readonly Run[] {
  if (lint === undefined) return [];
  const rules = [...new Set(lint.findings.map(({ rule }) => rule))];
  return [
    {
      tool: { driver: { name: lint.tool, version: lint.version, rules: rules.map((id) => ({ id })) } },
      columnKind: 'unicodeCodePoints',
      results: lint.findings.map(({ rule, message, help, position }) => ({
        ruleId: rule,
        ruleIndex: rules.indexOf(rule),
        // An opinion, whatever the linter calls it: the checks of the guard decide.
        level: 'note',
        message: { text: help === undefined ? message : `${message} ${help}` },
        locations: [locationOf(position)],
      })),
    },
  ];
}
