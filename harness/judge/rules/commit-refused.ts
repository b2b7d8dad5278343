import { applies, deliveryFacts, isOf, refuses } from '../delivery-facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { type Finding, rule } from '../rule.ts';

/** A commit that the API server does not take is reported by the controller, and led back to the line that is to blame. */
export const commitRefused = rule(
  'commit-refused',
  'a commit that cannot be applied is refused, with the file and line that are to blame',
  (facts): Finding => {
    const { commit, applier, source } = deliveryFacts(facts);
    const { revision, files } = commit.data;
    const short = revision.slice(0, 12);
    if (!source.some(({ data }) => isOf(data.fields['revision'], revision))) {
      throw new MissingEvidence(`commit ${short} was never fetched`);
    }
    const limit = 'not ready with the server’s words, and a file of the commit with its line';
    const refusal = applier.find((state) => refuses(state, revision));
    const applied = applier.find((state) => applies(state, revision));
    if (applied || !refusal) {
      return {
        outcome: 'fail',
        reason: applied ? `commit ${short} was applied` : `nothing was said about commit ${short}`,
        limit,
        evidence: [commit.seq, ...(applied ? [applied.seq] : applier.slice(-1).map(({ seq }) => seq))],
      };
    }
    const place = facts.timeline.of('git', 'refused').find(({ data }) => data.revision === revision);
    const evidence = [commit.seq, refusal.seq, ...(place ? [place.seq] : [])];
    if (!place || place.data.line < 1 || !files.includes(place.data.file)) {
      return {
        outcome: 'fail',
        reason: place
          ? `${place.data.file}:${place.data.line} is no line that commit ${short} changed`
          : `the refusal was not led back to a file: ${String(refusal.data.fields['message'])}`,
        limit,
        evidence,
      };
    }
    const { file, line, message } = place.data;
    return {
      outcome: 'pass',
      reason: `${file}:${line}: ${message}`,
      limit,
      measured: `${file}:${line}`,
      evidence,
    };
  },
);
