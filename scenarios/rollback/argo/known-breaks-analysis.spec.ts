import { ARGO_KNOWN_BREAKS_ANALYSIS, argoRollout, expect, test } from '#harness/scenario.ts';

// Goal: what Argo Rollouts 1.10.0 is known not to keep of its analyses is seen here, and it is news when it is kept.
// Method: 300 requests a second throughout; one rollout for each thread; the contract's rule must fail on evidence.
// Needs: argo
// Isolation: namespace 0.8 cpu
// Tags: nightly
test.for(ARGO_KNOWN_BREAKS_ANALYSIS)('$title', async ({ name, rollout, contract, thread }, { openRun }) => {
  const verdict = await argoRollout(openRun({ name }), rollout);
  expect(verdict).toBreakAsKnown(contract, thread);
});
