import type { EpochMs, KubernetesObjectData, RecordOf } from '#harness/core/timeline.ts';
import { rolloutSubject } from '../endings.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { atMost, rule } from '../rule.ts';

type ObjectRecord = RecordOf<'kubernetes', 'object'>;
type Fields = KubernetesObjectData['fields'];

/**
 * How long a pod may carry the wrong label, in seconds: the Rollout's status changes first, and the pods are written
 * in the reconciliation after it (rollout/ephemeralmetadata.go, syncEphemeralMetadata).
 */
export const LABEL_SETTLE_S = 2;

/** The role that a pod of a hash really has: the stable one, the one that is asked for beside it, or none. */
function roleOf(hash: string, rollout: Fields | undefined): string {
  if (hash === rollout?.['stable']) return 'stable';
  return hash === rollout?.['canary'] ? 'canary' : '';
}

const serves = ({ fields }: KubernetesObjectData): boolean =>
  fields['ready'] === true && fields['terminating'] !== true;

interface Untruth {
  readonly since: EpochMs;
  readonly seq: number;
  readonly says: string;
  readonly is: string;
}

interface Longest extends Untruth {
  readonly pod: string;
  readonly lasted_s: number;
}

/** Follows Rollout and pods through the run and keeps the longest time that a serving pod's label was wrong. */
class Labels {
  readonly roles = new Set<string>();
  longest: Longest | undefined;
  readonly #pods = new Map<string, KubernetesObjectData>();
  readonly #wrong = new Map<string, Untruth>();
  #rollout: Fields | undefined;

  take(record: ObjectRecord, rollout: string): void {
    const { subject, data } = record;
    if (subject === rollout) this.#rollout = data.fields;
    else if (data.verb === 'deleted') this.#pods.delete(subject);
    else this.#pods.set(subject, data);
    this.look(record.at, record.seq);
  }

  look(at: EpochMs, seq: number): void {
    if (!this.#rollout?.['stable']) return;
    for (const [pod, untruth] of this.#wrong) if (!this.#pods.has(pod)) this.#end(pod, untruth, at);
    for (const [pod, data] of this.#pods) {
      const known = this.#wrong.get(pod);
      const is = roleOf(String(data.fields['hash']), this.#rollout);
      const says = String(data.fields['role'] ?? '');
      if (serves(data) && is !== '') this.roles.add(is);
      if (serves(data) && says !== is) {
        if (!known) this.#wrong.set(pod, { since: at, seq, says, is });
      } else if (known) this.#end(pod, known, at);
    }
  }

  /** What is still wrong at the end was wrong until then. */
  close(at: EpochMs): void {
    for (const [pod, untruth] of this.#wrong) this.#end(pod, untruth, at);
  }

  #end(pod: string, untruth: Untruth, at: EpochMs): void {
    this.#wrong.delete(pod);
    const lasted_s = (at - untruth.since) / 1000;
    if (lasted_s >= (this.longest?.lasted_s ?? 0)) this.longest = { ...untruth, pod, lasted_s };
  }
}

/**
 * Contract A21: at every moment each serving pod says truly whether it is canary or stable, since whoever asks for
 * one of them, the analysis first of all, believes the label. What it really is follows from the Rollout's status and
 * the pod's hash.
 */
export const labelTruth = rule(
  'label-truth',
  'each pod says truly whether it is canary or stable',
  (facts) => {
    facts.requireObserver('kubernetes');
    const spec = facts.argo;
    const rollout = rolloutSubject(spec);
    const labels = new Labels();
    let last = 0;
    for (const record of facts.timeline.of('kubernetes', 'object')) {
      const pod =
        record.subject.startsWith(`Pod/${spec.namespace}/`) && record.data.fields['hash'] !== undefined;
      if (record.subject !== rollout && !pod) continue;
      labels.take(record, rollout);
      last = record.at;
    }
    labels.close(Math.max(last, facts.load_end));
    if (!labels.roles.has('canary') || !labels.roles.has('stable')) {
      throw new MissingEvidence('no pods of the canary and of the stable release were observed');
    }
    const { longest } = labels;
    const lasted_s = longest?.lasted_s ?? 0;
    const holds = lasted_s <= LABEL_SETTLE_S;
    return {
      outcome: holds ? 'pass' : 'fail',
      reason:
        longest === undefined
          ? 'every label was true at every moment'
          : `${longest.pod} said ${JSON.stringify(longest.says)} for ${lasted_s.toFixed(1)} s while it was ${longest.is || 'neither canary nor stable'}`,
      limit: `wrong for ${atMost(LABEL_SETTLE_S, 's')}`,
      measured: `${lasted_s.toFixed(1)} s`,
      derivation: 'labels are written in the reconciliation after the one that changed the status',
      evidence: longest === undefined ? [] : [longest.seq],
    };
  },
);
