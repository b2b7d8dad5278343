import * as v from 'valibot';
import { defineFault } from './fault.ts';
import { Killed, killPods, planKilled, podsBack, podsGone } from './killed.ts';

/** Argo Rollouts elects a leader even alone, and a killed one leaves its lease to run out: 15 s by default. */
const LEASES: Readonly<Record<string, string>> = { 'argo-rollouts': 'argo-rollouts-controller-lock' };

/** The controller's pods are deleted without grace: it has no time to write anything down, or to give its lease back. */
export const controllerKilled = defineFault({
  name: 'controller-killed',
  breaks: 'ends the pods of a rollout controller at once, in the middle of whatever it was doing',
  radius: { reach: 'shared', pods_max: 3 },
  options: v.strictObject({
    controller: v.pipe(v.picklist(['flagger', 'argo-rollouts']), v.description('whose pods')),
  }),
  state: Killed,
  proof_s: 60,
  trial_needs: { components: ['flagger'] },
  example: () => ({ controller: 'flagger' as const }),
  plan: (ctx, { controller }) =>
    planKilled(ctx, {
      workload: controller,
      harm: 'rollouts stand still until another pod leads; traffic stays where it is',
      lease: LEASES[controller],
    }),
  inject: killPods,
  probeOn: podsGone,
  // There is nothing to undo; the Deployment makes other pods, and that is what `probeOff` waits for.
  heal: () => Promise.resolve(),
  probeOff: podsBack,
});
