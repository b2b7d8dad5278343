import { expect, istioObjects, test } from '#harness/scenario.ts';

// Goal: where Istio is the gateway, both controllers declare what their steps say, in objects that Istio's own definitions accept.
// Method: Istio's definitions on a real API server, no data plane and no traffic; ship a release through Flagger and through Argo Rollouts; read their VirtualServices back.
// Needs: flagger, argo-rollouts, istio
// Isolation: namespace 0.2 cpu
// Tags: nightly
test('Flagger and Argo Rollouts declare every weight of their steps in valid objects of Istio', async ({
  openRun,
}) => {
  expect(await istioObjects(openRun())).toHold();
});
