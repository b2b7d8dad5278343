import { ARGO_GIT, expect, gitopsRollout, test } from '#harness/scenario.ts';

// Goal: a bad release that came from Git stays given up, though Git still asks for it.
// Method: 300 requests a second throughout; push the release, let the analysis abort it, apply the same commit again twice.
// Needs: argo, flux, git
// Isolation: namespace 0.9 cpu
// Tags: nightly
test('A24: a rollback changes nothing in Git, and later syncs do not start the bad release again', async ({
  openRun,
}) => {
  const verdict = await gitopsRollout(openRun(), ARGO_GIT);
  expect(verdict).toHold();
});
