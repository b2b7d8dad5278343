import { CORRUPT_CONFIGURATION, expect, gitopsRollout, test } from '#harness/scenario.ts';

// Goal: a corrupt configuration that came by commit is taken back before anybody is called, who would be called otherwise.
// Method: 300 requests a second throughout; commit the configuration; then the same where Flagger never rolls back.
// Needs: flagger, flux, git
// Isolation: namespace 0.9 cpu
// Tags: nightly
test.for(CORRUPT_CONFIGURATION)('$title', async ({ name, rollout }, { openRun }) => {
  expect(await gitopsRollout(openRun({ name }), rollout)).toHold();
});
