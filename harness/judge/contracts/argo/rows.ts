import type { RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';

type State = RecordOf<'kubernetes', 'object'>;

/** One row of a decision table: an AnalysisRun by itself, which says what it must come to. */
export interface Row {
  readonly name: string;
  /** Its last state. */
  readonly state: State;
  /** Why it does not hold; absent when it does. */
  readonly problem?: string;
}

/** The metric that a row is about. */
const VALUE = 'value';

function problemOf({ data: { fields } }: State): string | undefined {
  const { expects = '', receives = '', phase = '' } = fields;
  const received = [fields[`${VALUE}.last_value`], fields[`${VALUE}.last_message`], fields['message']].join(
    ' ',
  );
  // A row whose metric received something else than it was made to receive says nothing about the decision.
  if (!received.includes(String(receives))) {
    throw new MissingEvidence(`it received "${received.trim()}", not "${String(receives)}"`);
  }
  return phase === expects ? undefined : `${String(phase) || 'no phase'}, not ${String(expects)}`;
}

/**
 * The rows that settle a contract, each judged by its last state.
 * @throws MissingEvidence when a row did not receive what it was made to receive
 */
export function rowsOf(facts: Facts, contract: string): readonly Row[] {
  const { namespace } = facts.argo;
  facts.requireObserver('kubernetes');
  const prefix = `AnalysisRun/${namespace}/`;
  const last = new Map<string, State>();
  for (const record of facts.timeline.of('kubernetes', 'object')) {
    if (record.subject.startsWith(prefix) && record.data.fields['contract'] === contract) {
      last.set(record.subject.slice(prefix.length), record);
    }
  }
  return [...last].map(([name, state]) => {
    try {
      const problem = problemOf(state);
      return problem === undefined ? { name, state } : { name, state, problem };
    } catch (error) {
      if (error instanceof MissingEvidence) throw new MissingEvidence(`${name}: ${error.message}`);
      throw error;
    }
  });
}

/** What is said of rows beside a rollout: how many held, and which did not. */
export function toldOf(rows: readonly Row[]): { readonly problem?: string; readonly told: string } {
  const wrong = rows.filter(({ problem }) => problem !== undefined);
  const told = `${rows.length - wrong.length} of ${rows.length} rows`;
  if (wrong.length === 0) return { told };
  return { told, problem: wrong.map(({ name, problem }) => `${name}: ${problem ?? ''}`).join('; ') };
}
