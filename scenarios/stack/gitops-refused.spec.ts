import { expect, gitopsRefusal, test } from '#harness/scenario.ts';

// Goal: a commit that the API server does not take changes nothing, and whoever made it is told the file, the line and the server's words.
// Method: 300 requests a second throughout; push a manifest, and then a chart, with a port that no container can have.
// Needs: flagger, flux, git
// Isolation: namespace 0.8 cpu
// Tags: nightly
test('a manifest that the API server refuses is reported with file and line, and users go on unharmed', async ({
  openRun,
}) => {
  const verdict = await gitopsRefusal(openRun({ name: 'manifest' }), {
    applier: 'kustomization',
    load: 'steady-300',
  });
  expect(verdict).toHold();
});

test('a chart that the API server refuses is reported with file and line, and users go on unharmed', async ({
  openRun,
}) => {
  const verdict = await gitopsRefusal(openRun({ name: 'chart' }), {
    applier: 'helm-release',
    load: 'steady-300',
  });
  expect(verdict).toHold();
});
