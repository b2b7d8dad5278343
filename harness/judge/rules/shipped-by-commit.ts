import { applies, deliveryFacts } from '../delivery-facts.ts';
import { type Finding, rule } from '../rule.ts';

const LIMIT = 'deployed after the push, by the controller that applies the repository, which says so';

/**
 * What runs came from the commit and from nothing else. The proof is in three places that do not know of each other: the
 * field managers of the workload's pod template, the revision that the controller says it applied, and the clock.
 */
export const shippedByCommit = rule(
  'shipped-by-commit',
  'the release was deployed by its commit, and by nothing else',
  (facts): Finding => {
    const { expectation, commit, applier, workload } = deliveryFacts(facts);
    const { release, manager } = expectation;
    const short = commit.data.revision.slice(0, 12);
    const deployed = workload.filter((record) => record.data.fields['release'] === release);
    const [first] = deployed;
    const last = applier.at(-1);
    const fail = (reason: string, ...seqs: readonly (number | undefined)[]): Finding => ({
      outcome: 'fail',
      reason,
      limit: LIMIT,
      evidence: [commit.seq, ...seqs.filter((seq) => seq !== undefined)],
    });
    if (!first) {
      const why = last?.data.fields['suspended'] === true ? 'is suspended' : `says: ${standing(last)}`;
      return fail(
        `commit ${short} never deployed ${release}: ${expectation.applier} ${why}`,
        last?.seq,
        workload.at(-1)?.seq,
      );
    }
    if (first.at < commit.at) {
      const early_s = ((commit.at - first.at) / 1000).toFixed(1);
      return fail(`${release} was deployed ${early_s} s before its commit ${short} was pushed`, first.seq);
    }
    const other = deployed.find((record) => record.data.fields['deployed_by'] !== manager);
    if (other) {
      const who = String(other.data.fields['deployed_by'] ?? '') || 'nobody known';
      return fail(`${release} was deployed by ${who}, not by ${manager} alone`, other.seq);
    }
    const applied = applier.find((state) => applies(state, commit.data.revision));
    if (!applied) {
      return fail(
        `${expectation.applier} never said that it applied ${short}; it says: ${standing(last)}`,
        last?.seq,
      );
    }
    return {
      outcome: 'pass',
      reason: `${manager} deployed ${release}, and ${expectation.applier} says that it applied ${short}`,
      limit: LIMIT,
      measured: `${((first.at - commit.at) / 1000).toFixed(1)} s after the push`,
      evidence: [commit.seq, first.seq, applied.seq],
    };
  },
);

function standing(
  record: { readonly data: { readonly fields: Readonly<Record<string, unknown>> } } | undefined,
): string {
  const { reason, message } = record?.data.fields ?? {};
  return [reason, message].filter(Boolean).join(': ') || 'nothing';
}
