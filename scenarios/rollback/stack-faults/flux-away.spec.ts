import { expect, gitopsRollout, test, withoutFlux } from '#harness/scenario.ts';

// Goal: a rollout that a commit set off goes on to its end while Flux is away.
// Method: 300 requests a second throughout; once the commit is applied, refuse the Git server to Flux and kill its controllers; count what users meet.
// Needs: flagger, flux, git
// Isolation: exclusive
// Tags: nightly
test('S4: a rollout that is under way does not mind that Flux loses its source and its controllers', async ({
  openRun,
}) => {
  const verdict = await gitopsRollout(openRun({ name: 'flagger' }), {
    controller: 'flagger',
    applier: 'kustomization',
    changes: 'release',
    load: 'steady-300',
    beside: withoutFlux,
    settles: { contracts: ['S4'] },
  });
  expect(verdict).toHold();
});
