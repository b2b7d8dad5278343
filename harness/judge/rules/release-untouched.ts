import { deliveryFacts } from '../delivery-facts.ts';
import { rule } from '../rule.ts';

/** What was refused changed nothing: neither the workload nor a single answer is of the refused release. */
export const releaseUntouched = rule(
  'release-untouched',
  'what runs is untouched by what was refused',
  (facts) => {
    const { expectation, commit, workload } = deliveryFacts(facts);
    const { release, serving } = expectation;
    const touched = workload.filter(({ at, data }) => at >= commit.at && data.fields['release'] === release);
    const later = facts.seconds.filter(({ data }) => data.from >= commit.at);
    const others = later.filter(({ data }) => data.series.some((one) => one.release !== serving));
    const clean = touched.length === 0 && others.length === 0;
    return {
      outcome: later.length === 0 ? 'inconclusive' : clean ? 'pass' : 'fail',
      reason:
        later.length === 0
          ? 'no second was measured after the push'
          : clean
            ? `${later.length} s after the push, everything still came from ${serving}`
            : `${touched.length} states of the workload were of ${release}, and in ${others.length} s not all answers came from ${serving}`,
      limit: `<= 0 answers that are not from ${serving}`,
      measured: `${others.length} s`,
      evidence: [commit, ...touched, ...others].map(({ seq }) => seq),
    };
  },
);
