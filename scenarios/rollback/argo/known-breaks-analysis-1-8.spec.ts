import { ARGO_1_8_KNOWN_BREAKS_ANALYSIS, argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: what Argo Rollouts 1.8.4 is known not to keep of its analyses is seen here, so that a later version that keeps it can be told from it.
// Method: 300 requests a second throughout; one rollout for each thread; the contract's rule must fail on evidence.
// Needs: argo
// Isolation: cluster
// Versions: argo-rollouts 1.8.4
// Tags: nightly
test.for(ARGO_1_8_KNOWN_BREAKS_ANALYSIS)(
  '$title',
  async ({ name, rollout, contract, thread }, { openRun }) => {
    const verdict = await argoRollout(openRun({ name }), rollout);
    expect(verdict).toBreakAsKnown(contract, thread);
  },
);
