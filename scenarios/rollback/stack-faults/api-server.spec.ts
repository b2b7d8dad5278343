import {
  API_SERVER_ARGO,
  API_SERVER_FLAGGER,
  argoRollout,
  expect,
  flaggerRollout,
  test,
} from '#harness/scenario.ts';

// Goal: an API server that ends, or refuses a controller, rolls no good release back, and no user notices.
// Method: 300 requests a second throughout; end the API server at a weight; refuse the controller's requests with 429 for 15 s; count what users met meanwhile.
// Needs: flagger, argo
// Isolation: exclusive
// Tags: nightly
test.for(API_SERVER_FLAGGER)('$title', async ({ name, rollout }, { openRun }) => {
  expect(await flaggerRollout(openRun({ name: `flagger-${name}` }), rollout)).toHold();
});

test.for(API_SERVER_ARGO)('$title', async ({ name, rollout }, { openRun }) => {
  expect(await argoRollout(openRun({ name: `argo-${name}` }), rollout)).toHold();
});
