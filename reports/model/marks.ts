import type { ReadOnlyData } from '#harness/core/migration.ts';
import type { EpochMs, Site, TimelineRecord } from '#harness/core/timeline.ts';
import { valueOf } from '#harness/judge/measurements.ts';
import { isCanary, type RunFacts } from './run-facts.ts';

/** Who spoke or decided: each has its own lane above the charts. */
export type Lane = 'release' | 'controller' | 'alert' | 'chat' | 'fault' | 'recovery' | 'migration';

/** A decision, an alert or a message. */
export interface Mark {
  /** Number that ties the sign in the chart to the row of the table; counts from 1. */
  readonly number: number;
  readonly seq: number;
  readonly at: EpochMs;
  readonly clock_error_ms: number;
  readonly lane: Lane;
  readonly who: string;
  readonly text: string;
  readonly grave: boolean;
}

/** Most rows of the table: a controller that repeats itself for an hour must not make the page unreadable. */
export const MARKS_MAX = 150;

/** Decisions, alerts and messages in the order of their time. */
export function marksOf(facts: RunFacts): { readonly marks: readonly Mark[]; readonly left_off: number } {
  const found: Omit<Mark, 'number'>[] = [];
  const alerts = new Map<string, string>();
  const phases = new Map<string, string>();
  for (const record of facts.timeline.records) {
    const described = describe(record, facts, alerts, phases);
    if (described) {
      found.push({
        seq: record.seq,
        at: record.at,
        clock_error_ms: record.clock_error_ms ?? 0,
        ...described,
      });
    }
  }
  const marks: Mark[] = [];
  for (const mark of found.slice(0, MARKS_MAX)) marks.push({ ...mark, number: marks.length + 1 });
  return { marks, left_off: found.length - marks.length };
}

function describe(
  record: TimelineRecord,
  facts: RunFacts,
  alerts: Map<string, string>,
  phases: Map<string, string>,
): Pick<Mark, 'lane' | 'who' | 'text' | 'grave'> | undefined {
  switch (record.source) {
    case 'release':
      return { lane: 'release', who: 'Mettle', text: `Release ${record.data.release} shipped`, grave: false };
    case 'fault':
      return {
        lane: 'fault',
        who: 'Mettle',
        text: `Fault ${record.data.fault} ${record.kind.replace('_', ' ')}: ${record.data.detail}`,
        grave: record.kind === 'injected',
      };
    case 'kubernetes': {
      if (record.at < (facts.shipped_at ?? facts.first_at)) {
        // An Event's whole second may lie before the shipping that caused it.
        if (record.at + (record.clock_error_ms ?? 0) < (facts.shipped_at ?? facts.first_at)) return undefined;
      }
      if (record.subject.startsWith('AnalysisRun/')) return analysisMark(record, phases);
      if (!isCanary(record.subject, facts.spec)) return undefined;
      if (record.kind === 'event') {
        const { message, reporter, type, count } = record.data;
        const text = count > 1 ? `${message} (${count} times)` : message;
        return { lane: 'controller', who: reporter, text, grave: type === 'Warning' };
      }
      const phase = record.data.fields['phase'];
      if (phase === undefined || phases.get(record.subject) === String(phase)) return undefined;
      const first = !phases.has(record.subject);
      phases.set(record.subject, String(phase));
      const argo = record.subject.startsWith('Rollout/');
      // A Rollout pauses at every step and says so by an event; only its ends are news, and not what it was before.
      if (argo && (first || (phase !== 'Healthy' && phase !== 'Degraded'))) return undefined;
      return {
        lane: 'controller',
        who: argo ? 'Rollout status' : 'Canary status',
        text: `Phase is now ${String(phase)}`,
        grave: phase === 'Failed' || phase === 'Degraded',
      };
    }
    case 'prometheus': {
      if (record.kind !== 'alert') return undefined;
      const followed = placed(record.subject, record.data.site);
      const former = alerts.get(followed) ?? 'inactive';
      alerts.set(followed, record.data.state);
      if (former === record.data.state) return undefined;
      const value = record.data.value === undefined ? '' : ` (value ${record.data.value})`;
      return {
        lane: 'alert',
        who: placed('Prometheus', record.data.site),
        text: `Alert ${record.subject} is ${record.data.state}${value}`,
        grave: record.data.state === 'firing',
      };
    }
    case 'alertmanager':
      return {
        lane: 'alert',
        who: placed('Alertmanager', record.data.site),
        text: `Alert ${record.subject} is ${record.data.state}`,
        grave: record.data.state === 'active',
      };
    case 'chat': {
      const { sender, channel, text, severity } = record.data;
      return { lane: 'chat', who: `${sender} in ${channel}`, text, grave: severity === 'danger' };
    }
    case 'recovery':
      return recoveryMark(record);
    case 'database':
      return migrationMark(record);
    case 'harness':
      return record.kind === 'read_only' ? readOnlyMark(record.data) : undefined;
    case 'git':
    case 'gate':
    case 'gateway':
    case 'load':
      return undefined;
    default:
      return undefined;
  }
}

/** Who spoke, told apart from the one of the same name in the cluster. */
function placed(name: string, site: Site | undefined): string {
  return site === undefined ? name : `${name} off-site`;
}

/** What is lost, what was made of the backups, and the moments at which users are served again; steps have a chart of their own. */
function recoveryMark(
  record: Extract<TimelineRecord, { source: 'recovery' }>,
): Pick<Mark, 'lane' | 'who' | 'text' | 'grave'> | undefined {
  switch (record.kind) {
    case 'destroyed': {
      const { what, how } = record.data;
      return { lane: 'fault', who: 'Mettle', text: `Lost: ${what} (${how})`, grave: true };
    }
    case 'backup': {
      const { state, note } = record.data;
      if (state === 'taken') return undefined;
      const text = `Backup ${record.subject} ${state}${note === '' ? '' : `: ${note}`}`;
      return { lane: 'recovery', who: 'restore', text, grave: state === 'refused' };
    }
    case 'step': {
      const { state, note } = record.data;
      const told = state === 'done' && (record.subject === 'first answer' || record.subject === 'steady');
      if (state !== 'failed' && !told) return undefined;
      const text = `${record.subject} ${state}${note === '' ? '' : `: ${note}`}`;
      return { lane: 'recovery', who: 'Mettle', text, grave: state === 'failed' };
    }
    case 'inventory':
      return undefined;
  }
}

/** What became of a migration, and of the backup that it asks for; its time is a bar of the lane. */
function migrationMark(
  record: Extract<TimelineRecord, { source: 'database' }>,
): Pick<Mark, 'lane' | 'who' | 'text' | 'grave'> | undefined {
  const lane = 'migration';
  if (record.kind === 'scratch_restore') {
    const { state, note } = record.data;
    return { lane, who: 'restore', text: `Backup ${record.subject}: ${note}`, grave: state !== 'same' };
  }
  if (record.kind !== 'migration') return undefined;
  const { state, note } = record.data;
  if (state === 'begun') return undefined;
  const text = `Migration ${record.subject.split('/').at(-1) ?? ''} ${state}: ${note}`;
  return { lane, who: state === 'refused' ? 'gate' : 'migration', text, grave: state === 'failed' };
}

const READ_ONLY_WORDS: Readonly<Record<ReadOnlyData['state'], string>> = {
  asked: 'Read-only mode asked for',
  holds: 'No write gets through any more',
  ended: 'Writes are taken again',
};

function readOnlyMark({ state, seen }: ReadOnlyData): Pick<Mark, 'lane' | 'who' | 'text' | 'grave'> {
  return { lane: 'migration', who: 'Mettle', text: `${READ_ONLY_WORDS[state]}: ${seen}`, grave: false };
}

/** What an analysis found, where it is news: a measurement that was not good, and the end of the analysis. */
function analysisMark(
  record: Extract<TimelineRecord, { source: 'kubernetes' }>,
  told: Map<string, string>,
): Pick<Mark, 'lane' | 'who' | 'text' | 'grave'> | undefined {
  if (record.kind !== 'object') return undefined;
  const { fields } = record.data;
  const who = 'AnalysisRun';
  for (const field of Object.keys(fields)) {
    const metric = /^(?<metric>.+)\.last_phase$/.exec(field)?.groups?.['metric'];
    if (metric === undefined) continue;
    const count = String(Number(fields[`${metric}.count`]) + Number(fields[`${metric}.error`]));
    const key = `${record.subject} ${metric}`;
    if (told.get(key) === count) continue;
    told.set(key, count);
    const phase = String(fields[field]);
    if (phase === 'Successful') continue;
    const received = String(fields[`${metric}.last_value`] ?? fields[`${metric}.last_message`] ?? 'nothing');
    const value = valueOf(received)?.toFixed(1) ?? received;
    const text = `Measured ${metric} ${value}: ${phase} (${String(fields[`${metric}.failed`])} failed so far)`;
    return { lane: 'controller', who, text, grave: true };
  }
  const phase = String(fields['phase'] ?? '');
  if (phase === '' || phase === 'Running' || told.get(record.subject) === phase) return undefined;
  told.set(record.subject, phase);
  const good = phase === 'Successful';
  return { lane: 'controller', who, text: `Analysis ended: ${phase}`, grave: !good };
}

/** Time over which an alert was pending or firing. */
export interface AlertSpan {
  readonly name: string;
  readonly state: 'pending' | 'firing';
  readonly from: EpochMs;
  readonly to: EpochMs | undefined;
}

/** The alert's states as spans; `inactive` is the absence of one. */
export function alertSpans(facts: RunFacts): readonly AlertSpan[] {
  const spans: AlertSpan[] = [];
  const open = new Map<string, Omit<AlertSpan, 'to'>>();
  for (const { subject, data, at } of facts.timeline.of('prometheus', 'alert')) {
    const current = open.get(subject);
    if (current?.state === data.state) continue;
    if (current) spans.push({ ...current, to: at });
    open.delete(subject);
    if (data.state !== 'inactive') open.set(subject, { name: subject, state: data.state, from: at });
  }
  for (const current of open.values()) spans.push({ ...current, to: undefined });
  return spans;
}
