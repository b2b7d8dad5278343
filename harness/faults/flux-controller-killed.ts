import * as v from 'valibot';
import { defineFault } from './fault.ts';
import { Killed, killPods, planKilled, podsBack, podsGone } from './killed.ts';

export const fluxControllerKilled = defineFault({
  name: 'flux-controller-killed',
  breaks: 'ends the pod of one of the controllers of Flux at once',
  radius: { reach: 'shared', pods_max: 3 },
  options: v.strictObject({
    controller: v.pipe(
      v.picklist(['source-controller', 'kustomize-controller', 'helm-controller', 'notification-controller']),
      v.description('whose pods'),
    ),
  }),
  state: Killed,
  proof_s: 60,
  trial_needs: { components: ['flux'] },
  example: () => ({ controller: 'source-controller' as const }),
  plan: (ctx, { controller }) =>
    planKilled(ctx, {
      workload: controller,
      harm: 'commits are applied late; what was applied last stays',
    }),
  inject: killPods,
  probeOn: podsGone,
  heal: () => Promise.resolve(),
  probeOff: podsBack,
});
