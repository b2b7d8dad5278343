import type { DeliveryExpectation } from '#harness/core/expectation.ts';
import type { RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from './facts.ts';
import { MissingEvidence } from './missing-evidence.ts';

/** Digits of a commit that the version of a chart ends in (source-controller, `reconcileStrategy: Revision`). */
const SHORT_REVISION = 12;

type ObjectRecord = RecordOf<'kubernetes', 'object'>;

/** What the rules of a delivery ask of one timeline. */
export interface DeliveryFacts {
  readonly expectation: DeliveryExpectation;
  /** The commit that ships the judged release. */
  readonly commit: RecordOf<'git', 'commit'>;
  /** States of the repository's object, of what applies it and of the workload after the push. */
  readonly source: readonly ObjectRecord[];
  readonly applier: readonly ObjectRecord[];
  readonly workload: readonly ObjectRecord[];
}

/** Whether a controller's revision is of a commit: `main@sha1:<commit>`, or a chart's version with its first digits. */
export function isOf(revision: unknown, commit: string): boolean {
  if (typeof revision !== 'string' || commit.length < SHORT_REVISION) return false;
  return revision.endsWith(`:${commit}`) || revision.includes(`+${commit.slice(0, SHORT_REVISION)}`);
}

/** Whether a state of what applies says that it could not apply a commit. */
export function refuses({ data }: ObjectRecord, commit: string): boolean {
  return data.fields['failed'] === true && isOf(data.fields['attempted'], commit);
}

/** Whether a state of what applies says that it applied a commit. */
export function applies({ data }: ObjectRecord, commit: string): boolean {
  return data.fields['ready'] === true && isOf(data.fields['revision'], commit);
}

/**
 * The declared delivery with what was seen of it.
 * @throws MissingEvidence when nothing was declared, committed or observed
 */
export function deliveryFacts(facts: Facts): DeliveryFacts {
  const expectation = facts.expectation('delivery');
  facts.requireObserver('kubernetes');
  facts.requireObserver('flux');
  const shipped = facts.timeline
    .of('release', 'shipped')
    .find((record) => record.data.release === expectation.release);
  if (!shipped) throw new MissingEvidence(`release ${expectation.release} was never shipped`);
  const commit = facts.timeline.of('git', 'commit').find((record) => record.at >= shipped.at);
  if (!commit) throw new MissingEvidence(`no commit was pushed that ships ${expectation.release}`);
  const states = (subject: string): readonly ObjectRecord[] =>
    facts.timeline.of('kubernetes', 'object').filter((record) => record.subject === subject);
  const source = states(expectation.source);
  const applier = states(expectation.applier);
  if (source.length === 0) throw new MissingEvidence(`${expectation.source} was never observed`);
  if (applier.length === 0) throw new MissingEvidence(`${expectation.applier} was never observed`);
  return { expectation, commit, source, applier, workload: states(expectation.workload) };
}
